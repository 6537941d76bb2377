"""Go's net/http with crypto/tls and crypto/x509."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong

SERVER = """
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"net/http"
	"os"
)

func main() {
	ca, err := os.ReadFile("@ca@")
	if err != nil {
		log.Fatal(err)
	}
	clients := x509.NewCertPool()
	if !clients.AppendCertsFromPEM(ca) {
		log.Fatal("no certificate in @ca@")
	}
	server := &http.Server{
		Addr: "127.0.0.1:@port@",
		TLSConfig: &tls.Config{
			MinVersion: tls.VersionTLS12,
			ClientCAs:  clients,
			ClientAuth: tls.RequireAndVerifyClientCert,
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if len(r.TLS.PeerCertificates) > 0 {
				fmt.Fprintln(w, "client", r.TLS.PeerCertificates[0].Subject)
			}
		}),
	}
	log.Fatal(server.ListenAndServeTLS("@chain@", "@key@"))
}
"""
CLIENT = """
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
)

func main() {
	ca, err := os.ReadFile("@ca@")
	if err != nil {
		log.Fatal(err)
	}
	servers := x509.NewCertPool()
	if !servers.AppendCertsFromPEM(ca) {
		log.Fatal("no certificate in @ca@")
	}
	own, err := tls.LoadX509KeyPair("@chain@", "@key@")
	if err != nil {
		log.Fatal(err)
	}
	config := &tls.Config{RootCAs: servers, Certificates: []tls.Certificate{own}}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	response, err := client.Get("https://" + os.Args[1] + ":" + os.Args[2] + "/")
	if err != nil {
		log.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	fmt.Println(response.Status, string(body), err)
}
"""
SERVER_FIXES = {
    Mistake.TRUST: "ClientCAs: a pool whose AppendCertsFromPEM(ca.crt) returned true",
    Mistake.DEPTH: "with a verification of your own: put PeerCertificates[1:] into VerifyOptions.Intermediates",
    Mistake.ANCHOR_ALONE: "ClientCAs with only the root: each certificate of the pool is an anchor",
    Mistake.REQUIRE: "ClientAuth: tls.RequireAndVerifyClientCert, also in what GetConfigForClient returns",
    Mistake.VERIFY: (
        "ClientAuth: tls.RequireAndVerifyClientCert; RequireAnyClientCert and RequestClientCert verify nothing"
    ),
    Mistake.OWN_AUTHORITY: "ClientCAs: your pool; where it is nil the system's roots are trusted",
    Mistake.PROOF: (
        "RequireAndVerifyClientCert, and read ConnectionState.VerifiedChains, not a certificate that you parsed"
    ),
    Mistake.CHAIN: (
        "RequireAndVerifyClientCert; custom code calls Certificate.Verify, not CheckSignature for each certificate"
    ),
    Mistake.TIME: "RequireAndVerifyClientCert; neither tls.Config.Time nor VerifyOptions.CurrentTime may be constant",
    Mistake.PURPOSE: (
        "your calls of Certificate.Verify: KeyUsages: {x509.ExtKeyUsageClientAuth}; check KeyUsage in VerifyConnection"
    ),
    Mistake.DEMAND_PURPOSE: "VerifyConnection: reject when PeerCertificates[0].ExtKeyUsage is empty",
    Mistake.DEMAND_LEAF: "VerifyConnection: reject when PeerCertificates[0].IsCA",
    Mistake.REVOCATION: (
        "crypto/tls does not check CRLs: in VerifyConnection read x509.ParseRevocationList, check "
        "CheckSignatureFrom and NextUpdate, then look for the serial"
    ),
    Mistake.STRENGTH: (
        "VerifyConnection: reject an *rsa.PublicKey whose N.BitLen() is under 2048; no GODEBUG=x509sha1=1"
    ),
    Mistake.NEW_VERSIONS: "MinVersion: tls.VersionTLS12 (for a server the default since 1.22)",
    Mistake.REAL_CIPHERS: "no change: it has no such ciphers",
    Mistake.IDENTITY: "tls.LoadX509KeyPair: a file with the leaf first, then its intermediates",
    Mistake.EVERY_NAME: "GetConfigForClient: a config with the same ClientAuth, also for no name and an unknown one",
    Mistake.SHORT_SESSIONS: "SessionTicketsDisabled: true; VerifyConnection is called for resumed sessions too",
    Mistake.SESSIONS_APART: "a Config with ticket keys of its own (SetSessionTicketKeys) for each name",
    Mistake.SAME_HOST: "reject a request whose Host is not r.TLS.ServerName",
    Mistake.OWN_HEADERS: "r.TLS.PeerCertificates, not a header; or a listener that only the proxy can reach",
    Mistake.TLS_ONLY: "ListenAndServeTLS, without a listener that looks at the first byte",
    Mistake.CA_NAMES: "ClientCAs: its subjects are sent",
}
CLIENT_FIXES = {
    Mistake.TRUST: "RootCAs: a pool whose AppendCertsFromPEM(ca.crt) returned true",
    Mistake.DEPTH: "with VerifyPeerCertificate: put the certificates after the first into VerifyOptions.Intermediates",
    Mistake.ANCHOR_ALONE: "RootCAs with only the root: each certificate of the pool is an anchor",
    Mistake.VERIFY: "no InsecureSkipVerify: true",
    Mistake.OWN_AUTHORITY: "RootCAs: your pool; where it is nil the system's roots are trusted",
    Mistake.PROOF: "no InsecureSkipVerify: true; a VerifyPeerCertificate used with it must call Certificate.Verify",
    Mistake.CHAIN: (
        "no InsecureSkipVerify: true; custom code calls Certificate.Verify, not CheckSignature for each certificate"
    ),
    Mistake.TIME: "no InsecureSkipVerify: true; neither tls.Config.Time nor VerifyOptions.CurrentTime may be constant",
    Mistake.PURPOSE: "no InsecureSkipVerify: true; check KeyUsage in VerifyConnection",
    Mistake.DEMAND_PURPOSE: "VerifyConnection: reject when PeerCertificates[0].ExtKeyUsage is empty",
    Mistake.DEMAND_LEAF: "VerifyConnection: reject when PeerCertificates[0].IsCA",
    Mistake.REVOCATION: (
        "crypto/tls does not check CRLs: in VerifyConnection read x509.ParseRevocationList, check "
        "CheckSignatureFrom and NextUpdate, then look for the serial"
    ),
    Mistake.STRENGTH: (
        "VerifyConnection: reject an *rsa.PublicKey whose N.BitLen() is under 2048; no GODEBUG=x509sha1=1"
    ),
    Mistake.NAME: "no InsecureSkipVerify: true; tls.Config.ServerName if the name differs from the address",
    Mistake.NAMES_IN_SAN: "no change: it ignores CN since 1.15; on an error about it, issue with a SAN",
    Mistake.NEW_VERSIONS: "MinVersion: tls.VersionTLS12 (for a client the default since 1.18)",
}
STACK = Stack(
    title="Go",
    programs=("go",),
    server=Side(
        files={"server.go": SERVER},
        prepare="go build -o @dir@/server @dir@/server.go",
        start="@dir@/server",
        tested="1.19",
        wrong=(
            Wrong(
                setting="ClientAuth",
                right="tls.RequireAndVerifyClientCert",
                wrong="tls.VerifyClientCertIfGiven",
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
            Wrong(
                setting="ClientAuth",
                right="tls.RequireAndVerifyClientCert",
                wrong="tls.RequireAnyClientCert",
                effect="certificates of any CA are accepted",
                mistake=Mistake.VERIFY,
            ),
        ),
        limits="crypto/tls checks no CRL and reads no encrypted key",
        fixes=SERVER_FIXES,
    ),
    client=Side(
        files={"client.go": CLIENT},
        prepare="go build -o @dir@/client @dir@/client.go",
        start="@dir@/client @host@ @port@",
        tested="1.19",
        wrong=(
            Wrong(
                setting="InsecureSkipVerify",
                right="RootCAs: servers,",
                wrong="RootCAs: servers, InsecureSkipVerify: true,",
                effect="any server is believed",
                mistake=Mistake.VERIFY,
            ),
        ),
        limits="crypto/tls checks no CRL and reads no encrypted key",
        fixes=CLIENT_FIXES,
    ),
)
