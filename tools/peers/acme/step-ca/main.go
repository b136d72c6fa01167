// Command step-eab puts External Account Binding keys into the database of a step-ca that is not running.
package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/smallstep/nosql"
)

// What step-ca's ACME database keeps of a binding (its package acme/db/nosql). Its own function that makes one wants a
// provisioner with an identifier, and provisioners of a configuration file have none.
type stored struct {
	ID            string    `json:"id"`
	ProvisionerID string    `json:"provisionerID"`
	Reference     string    `json:"reference"`
	HmacKey       []byte    `json:"key"`
	CreatedAt     time.Time `json:"createdAt"`
	BoundAt       time.Time `json:"boundAt"`
}

type binding struct {
	KeyID string `json:"keyId"`
	Key   string `json:"key"`
}

var table = []byte("acme_external_account_keys")

func main() {
	if len(os.Args) != 3 {
		fail(fmt.Errorf("usage: step-eab <database folder> <count>"))
	}
	count, err := strconv.Atoi(os.Args[2])
	fail(err)
	database, err := nosql.New("badgerv2", os.Args[1])
	fail(err)
	fail(database.CreateTable(table))
	made := []binding{}
	for index := range count {
		key := make([]byte, 64)
		_, err := rand.Read(key)
		fail(err)
		id := fmt.Sprintf("binding-%d", index)
		value, err := json.Marshal(stored{ID: id, HmacKey: key, CreatedAt: time.Now()})
		fail(err)
		fail(database.Set(table, []byte(id), value))
		made = append(made, binding{KeyID: id, Key: base64.RawURLEncoding.EncodeToString(key)})
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
