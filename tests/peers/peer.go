// An HTTPS server and an HTTPS client of Go's standard library, to be examined by the tests.
//
//	peer serve MODE CA CERT KEY      MODE is the name of a tls.ClientAuthType, or OnlyByName:
//	                                 RequireAndVerifyClientCert for SNI localhost, else nothing asked
//	peer get MODE URL CA CERT KEY    MODE is verify or insecure (InsecureSkipVerify), h2-verify or h2-insecure to offer
//	                                 HTTP/2 as well
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

var modes = map[string]tls.ClientAuthType{
	"NoClientCert":               tls.NoClientCert,
	"RequestClientCert":          tls.RequestClientCert,
	"RequireAnyClientCert":       tls.RequireAnyClientCert,
	"VerifyClientCertIfGiven":    tls.VerifyClientCertIfGiven,
	"RequireAndVerifyClientCert": tls.RequireAndVerifyClientCert,
	"OnlyByName":                 tls.RequireAndVerifyClientCert,
}

func main() {
	switch {
	case len(os.Args) == 6 && os.Args[1] == "serve":
		serve(os.Args[2], os.Args[3], os.Args[4], os.Args[5])
	case len(os.Args) == 7 && os.Args[1] == "get":
		get(os.Args[2], os.Args[3], os.Args[4], os.Args[5], os.Args[6])
	default:
		log.Fatal("usage: peer serve MODE CA CERT KEY | peer get MODE URL CA CERT KEY")
	}
}

func serve(mode, ca, cert, key string) {
	auth, known := modes[mode]
	if !known {
		log.Fatalf("no such mode: %s", mode)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	server := &http.Server{
		TLSConfig: &tls.Config{ClientAuth: auth, ClientCAs: pool(ca), Certificates: []tls.Certificate{pair(cert, key)}},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "go: %d client certificates\n", len(r.TLS.PeerCertificates))
		}),
	}
	if mode == "OnlyByName" {
		open := server.TLSConfig.Clone()
		open.ClientAuth = tls.NoClientCert
		server.TLSConfig.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			if hello.ServerName == "localhost" {
				return nil, nil
			}
			return open, nil
		}
	}
	fmt.Printf("listening %d\n", listener.Addr().(*net.TCPAddr).Port)
	check(server.ServeTLS(listener, "", ""))
}

func get(mode, url, ca, cert, key string) {
	config := &tls.Config{
		RootCAs:            pool(ca),
		Certificates:       []tls.Certificate{pair(cert, key)},
		InsecureSkipVerify: strings.HasSuffix(mode, "insecure"),
	}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: strings.HasPrefix(mode, "h2-")}
	client := &http.Client{Timeout: 10 * time.Second, Transport: transport}
	response, err := client.Get(url)
	check(err)
	body, err := io.ReadAll(response.Body)
	check(err)
	fmt.Printf("%s\n%s", response.Status, body)
}

func pool(path string) *x509.CertPool {
	text, err := os.ReadFile(path)
	check(err)
	anchors := x509.NewCertPool()
	if !anchors.AppendCertsFromPEM(text) {
		log.Fatalf("no certificate in %s", path)
	}
	return anchors
}

func pair(cert, key string) tls.Certificate {
	loaded, err := tls.LoadX509KeyPair(cert, key)
	check(err)
	return loaded
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
