// Command pkcs12 opens and writes stores with the library behind most Go controllers, for differential tests.
//
//	pkcs12 key PASSWORD < store      one line of base64 DER per item: the key (PKCS#8), then the certificates
//	pkcs12 trust PASSWORD < store    one line per trusted certificate
//	pkcs12 write PASSWORD PROFILE    a store of a fresh key: key, leaf and the store itself, each one line
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"os"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(mode, password string, rest []string) error {
	if mode == "write" {
		return write(password, rest[0])
	}
	store, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	if mode == "trust" {
		certificates, err := pkcs12.DecodeTrustStore(store, password)
		if err != nil {
			return err
		}
		for _, certificate := range certificates {
			line(certificate.Raw)
		}
		return nil
	}
	key, leaf, ca, err := pkcs12.DecodeChain(store, password)
	if err != nil {
		return err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	line(pkcs8)
	line(leaf.Raw)
	for _, certificate := range ca {
		line(certificate.Raw)
	}
	return nil
}

var profiles = map[string]*pkcs12.Encoder{
	"LegacyRC2":  pkcs12.LegacyRC2,
	"LegacyDES":  pkcs12.LegacyDES,
	"Modern2023": pkcs12.Modern2023,
	"Modern2026": pkcs12.Modern2026,
}

func write(password, profile string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		return err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	store, err := profiles[profile].Encode(key, leaf, nil, password)
	if err != nil {
		return err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	line(pkcs8)
	line(der)
	line(store)
	return nil
}

func line(der []byte) { fmt.Println(base64.StdEncoding.EncodeToString(der)) }
