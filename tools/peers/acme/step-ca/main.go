// Command step-eab makes External Account Binding keys in the database of a step-ca that is not running.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	acmedb "github.com/smallstep/certificates/acme/db/nosql"
	"github.com/smallstep/nosql"
)

type binding struct {
	KeyID string `json:"keyId"`
	Key   string `json:"key"`
}

func main() {
	if len(os.Args) != 4 {
		fail(fmt.Errorf("usage: step-eab <database folder> <provisioner id> <count>"))
	}
	count, err := strconv.Atoi(os.Args[3])
	fail(err)
	database, err := nosql.New("badgerv2", os.Args[1])
	fail(err)
	keys, err := acmedb.New(database)
	fail(err)
	made := []binding{}
	for index := range count {
		key, err := keys.CreateExternalAccountKey(context.Background(), os.Args[2], fmt.Sprintf("test-%d", index))
		fail(err)
		made = append(made, binding{KeyID: key.ID, Key: base64.RawURLEncoding.EncodeToString(key.HmacKey)})
	}
	fail(database.Close())
	fail(json.NewEncoder(os.Stdout).Encode(made))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
