// Verifies a certificate as Go does: verify ANCHORS CHAIN PURPOSE NAME prints "valid", or the reason why not.
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

func main() {
	fmt.Println(verify(os.Args[1], os.Args[2], os.Args[3], os.Args[4]))
}

func verify(anchors, chain, purpose, name string) string {
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	for _, one := range read(anchors) {
		root, err := x509.ParseCertificate(one)
		if err != nil {
			return "anchor: " + err.Error()
		}
		roots.AddCert(root)
	}
	var leaf *x509.Certificate
	for index, one := range read(chain) {
		parsed, err := x509.ParseCertificate(one)
		if err != nil {
			return err.Error()
		}
		if index == 0 {
			leaf = parsed
		} else {
			intermediates.AddCert(parsed)
		}
	}
	usage := map[string]x509.ExtKeyUsage{"server": x509.ExtKeyUsageServerAuth, "client": x509.ExtKeyUsageClientAuth, "any": x509.ExtKeyUsageAny}[purpose]
	_, err := leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, Intermediates: intermediates, KeyUsages: []x509.ExtKeyUsage{usage}})
	if err != nil {
		return err.Error()
	}
	return "valid"
}

func read(path string) (found [][]byte) {
	data, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			return
		}
		found, data = append(found, block.Bytes), rest
	}
}
