// Command gox509 shows how Go's crypto/x509 reads certificates and requests, and makes some of its own, so that tests
// can hold another implementation against it. It speaks JSON lines: one request on stdin, one answer on stdout.
package main

import (
	"bufio"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"time"
)

type request struct {
	Op   string   `json:"op"`
	Der  string   `json:"der"`
	Ders []string `json:"ders"`
	Key  string   `json:"key"`
	DNS  string   `json:"dns"`
}

type parsed struct {
	Error        string   `json:"error,omitempty"`
	Signature    string   `json:"signatureError,omitempty"`
	Subject      string   `json:"subject"`
	SubjectDer   string   `json:"subjectDer"`
	IssuerDer    string   `json:"issuerDer,omitempty"`
	DNSNames     []string `json:"dnsNames"`
	Emails       []string `json:"emailAddresses"`
	IPs          []string `json:"ipAddresses"`
	URIs         []string `json:"uris"`
	Algorithm    string   `json:"signatureAlgorithm"`
	KeyAlgorithm string   `json:"keyAlgorithm"`
	Extensions   []ext    `json:"extensions"`
	Spki         string   `json:"spki"`
	Serial       string   `json:"serial,omitempty"`
	NotBefore    int64    `json:"notBefore,omitempty"`
	NotAfter     int64    `json:"notAfter,omitempty"`
	KeyUsage     int      `json:"keyUsage"`
	EKUs         []string `json:"ekus"`
	IsCA         bool     `json:"isCA"`
	BCValid      bool     `json:"basicConstraintsValid"`
	SKI          string   `json:"ski,omitempty"`
	AKI          string   `json:"aki,omitempty"`
	OCSP         []string `json:"ocsp,omitempty"`
	IssuingURLs  []string `json:"issuingUrls,omitempty"`
	CDP          []string `json:"cdp,omitempty"`
	PermittedDNS []string `json:"permittedDns,omitempty"`
	ExcludedDNS  []string `json:"excludedDns,omitempty"`
	PermittedIPs []string `json:"permittedIps,omitempty"`
	ExcludedIPs  []string `json:"excludedIps,omitempty"`
	PermEmails   []string `json:"permittedEmails,omitempty"`
	ExclURIs     []string `json:"excludedUris,omitempty"`
	NCCritical   bool     `json:"nameConstraintsCritical,omitempty"`
	Made         []made   `json:"made,omitempty"`
	OK           bool     `json:"ok,omitempty"`
}

type ext struct {
	ID       string `json:"id"`
	Critical bool   `json:"critical"`
	Value    string `json:"value"`
}

type made struct {
	Kind string `json:"kind"`
	Der  string `json:"der"`
	Key  string `json:"key"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 16<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var r request
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		answer, err := handle(r)
		if err != nil {
			answer = parsed{Error: err.Error()}
		}
		if err := out.Encode(answer); err != nil {
			os.Exit(2)
		}
	}
}

func handle(r request) (parsed, error) {
	der, err := hex.DecodeString(r.Der)
	if err != nil {
		return parsed{}, err
	}
	switch r.Op {
	case "csr":
		return readCsr(der)
	case "certificate":
		return readCertificate(der)
	case "verify":
		return verify(r)
	case "key":
		key, err := parseKey(r)
		if err != nil {
			return parsed{}, err
		}
		return parsed{KeyAlgorithm: fmt.Sprintf("%T", key), OK: true}, nil
	case "make":
		return makeAll()
	}
	return parsed{}, fmt.Errorf("unknown op %q", r.Op)
}

func parseKey(r request) (any, error) {
	der, err := hex.DecodeString(r.Der)
	if err != nil {
		return nil, err
	}
	switch r.Key {
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(der)
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(der)
	}
	return x509.ParsePKCS8PrivateKey(der)
}

func exts(list []pkix.Extension) []ext {
	out := []ext{}
	for _, e := range list {
		out = append(out, ext{e.Id.String(), e.Critical, hex.EncodeToString(e.Value)})
	}
	return out
}

func texts[T fmt.Stringer](list []T) []string {
	out := []string{}
	for _, v := range list {
		out = append(out, v.String())
	}
	return out
}

func readCsr(der []byte) (parsed, error) {
	c, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return parsed{}, err
	}
	p := parsed{
		Subject: c.Subject.String(), SubjectDer: hex.EncodeToString(c.RawSubject),
		DNSNames: c.DNSNames, Emails: c.EmailAddresses, IPs: texts(c.IPAddresses), URIs: texts(c.URIs),
		Algorithm: c.SignatureAlgorithm.String(), KeyAlgorithm: c.PublicKeyAlgorithm.String(),
		Extensions: exts(c.Extensions), Spki: hex.EncodeToString(c.RawSubjectPublicKeyInfo),
	}
	if err := c.CheckSignature(); err != nil {
		p.Signature = err.Error()
	}
	return p, nil
}

func readCertificate(der []byte) (parsed, error) {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return parsed{}, err
	}
	p := parsed{
		Subject: c.Subject.String(), SubjectDer: hex.EncodeToString(c.RawSubject), IssuerDer: hex.EncodeToString(c.RawIssuer),
		DNSNames: c.DNSNames, Emails: c.EmailAddresses, IPs: texts(c.IPAddresses), URIs: texts(c.URIs),
		Algorithm: c.SignatureAlgorithm.String(), KeyAlgorithm: c.PublicKeyAlgorithm.String(),
		Extensions: exts(c.Extensions), Spki: hex.EncodeToString(c.RawSubjectPublicKeyInfo),
		Serial: c.SerialNumber.Text(16), NotBefore: c.NotBefore.UnixMilli(), NotAfter: c.NotAfter.UnixMilli(),
		KeyUsage: int(c.KeyUsage), IsCA: c.IsCA, BCValid: c.BasicConstraintsValid,
		SKI: hex.EncodeToString(c.SubjectKeyId), AKI: hex.EncodeToString(c.AuthorityKeyId),
		OCSP: c.OCSPServer, IssuingURLs: c.IssuingCertificateURL, CDP: c.CRLDistributionPoints,
		PermittedDNS: c.PermittedDNSDomains, ExcludedDNS: c.ExcludedDNSDomains,
		PermittedIPs: texts(c.PermittedIPRanges), ExcludedIPs: texts(c.ExcludedIPRanges),
		PermEmails: c.PermittedEmailAddresses, ExclURIs: c.ExcludedURIDomains, NCCritical: c.PermittedDNSDomainsCritical,
	}
	for _, e := range c.Extensions {
		if e.Id.String() == "2.5.29.37" {
			var list []asn1.ObjectIdentifier
			if _, err := asn1.Unmarshal(e.Value, &list); err != nil {
				return parsed{}, err
			}
			p.EKUs = texts(list)
		}
	}
	return p, nil
}

// verify checks that ders[0] is valid for the DNS name under the last of ders, the others being intermediates.
func verify(r request) (parsed, error) {
	certs := []*x509.Certificate{}
	for _, text := range r.Ders {
		der, err := hex.DecodeString(text)
		if err != nil {
			return parsed{}, err
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return parsed{}, err
		}
		certs = append(certs, c)
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(certs[len(certs)-1])
	for _, c := range certs[1:] {
		between.AddCert(c)
	}
	_, err := certs[0].Verify(x509.VerifyOptions{
		DNSName: r.DNS, Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
		CurrentTime: certs[0].NotBefore.Add(time.Minute),
	})
	return parsed{OK: err == nil}, err
}

func makeAll() (parsed, error) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return parsed{}, err
	}
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	p521, _ := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	spiffe, _ := url.Parse("spiffe://example.org/ns/x")
	_, network, _ := net.ParseCIDR("10.0.0.0/8")
	subject := pkix.Name{
		CommonName: "gö", Organization: []string{"B", "A"}, Country: []string{"DE"}, PostalCode: []string{"1"},
		SerialNumber: "7", StreetAddress: []string{"s*"},
	}
	result := parsed{}
	for _, key := range []crypto.Signer{rsaKey, p256, p384, p521, ed} {
		pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return parsed{}, err
		}
		csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
			Subject: subject, DNSNames: []string{"a.example", "*.b.example"}, EmailAddresses: []string{"x@y.example"},
			IPAddresses: []net.IP{net.ParseIP("10.1.2.3"), net.ParseIP("2001:db8::1")}, URIs: []*url.URL{spiffe},
		}, key)
		if err != nil {
			return parsed{}, err
		}
		result.Made = append(result.Made, made{"csr", hex.EncodeToString(csr), hex.EncodeToString(pkcs8)})
		template := &x509.Certificate{
			SerialNumber: big.NewInt(0xfedcba98), Subject: subject, NotBefore: time.Unix(1e9, 0), NotAfter: time.Unix(3e9, 0),
			KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDecipherOnly, IsCA: true, BasicConstraintsValid: true, MaxPathLen: 3,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
			DNSNames:    []string{"a.example"}, IPAddresses: []net.IP{net.ParseIP("::1")},
			PermittedDNSDomains: []string{"example"}, PermittedDNSDomainsCritical: true, ExcludedIPRanges: []*net.IPNet{network},
			OCSPServer: []string{"http://o.example"}, CRLDistributionPoints: []string{"http://c.example"},
		}
		cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			return parsed{}, err
		}
		result.Made = append(result.Made, made{"certificate", hex.EncodeToString(cert), hex.EncodeToString(pkcs8)})
	}
	return result, nil
}
