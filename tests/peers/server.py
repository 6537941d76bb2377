"""Python's TLS servers, to be examined: server.py http|smtp required|optional|none CA CERT KEY."""

import http.server
import socketserver
import ssl
import sys

MODES = {"required": ssl.CERT_REQUIRED, "optional": ssl.CERT_OPTIONAL, "none": ssl.CERT_NONE}


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        certificate = self.connection.getpeercert()
        body = f"python: client {'verified' if certificate else 'unknown'}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Mail(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs to see that it got through: RFC 5321 and, for STARTTLS, RFC 3207."""

    context: ssl.SSLContext

    def handle(self) -> None:
        self.say("220 localhost ESMTP")
        while line := self.rfile.readline(1000):
            verb = line.strip().upper().partition(b" ")[0]
            secure = isinstance(self.connection, ssl.SSLSocket)
            if verb == b"EHLO":
                self.say(*(["250-localhost", "250-8BITMIME"] + ["250-STARTTLS"] * (not secure) + ["250 HELP"]))
            elif verb in (b"HELO", b"NOOP", b"RSET"):
                self.say("250 OK")
            elif verb == b"QUIT":
                self.say("221 bye")
                return
            elif verb == b"STARTTLS" and not secure:
                self.say("220 ready for TLS")
                self.connection = self.context.wrap_socket(self.connection, server_side=True)
                # New streams: what was sent in the clear behind STARTTLS is forgotten (RFC 3207, 4.2).
                self.rfile = self.connection.makefile("rb")
                self.wfile = self.connection.makefile("wb", buffering=0)
            else:
                self.say("503 STARTTLS first" if verb == b"MAIL" and not secure else "502 not implemented")

    def say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


class Server(socketserver.ThreadingTCPServer):
    """A thread a connection; the handshake is the thread's, so a slow or refused client stops nobody."""

    daemon_threads = True
    request_queue_size = 64


def main() -> None:
    protocol, mode, ca, certificate, key = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(ca)
    context.verify_mode = MODES[mode]
    Mail.context = context
    with Server(("127.0.0.1", 0), Page if protocol == "http" else Mail) as server:
        if protocol == "http":
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        print("listening", server.server_address[1], flush=True)
        server.serve_forever()


main()
