"""Java's own JSSE: the JDK's HttpsServer and HttpClient (the JSSE reference guide)."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, TrustStore, Wrong, fixes

READ = """
    static KeyStore store(String certificates, String key) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (InputStream file = new FileInputStream(certificates)) {
            Certificate[] chain = CertificateFactory.getInstance("X.509").generateCertificates(file)
                .toArray(new Certificate[0]);
            if (key == null) {
                store.setCertificateEntry("ca", chain[0]);
                return store;
            }
            String pem = Files.readString(Path.of(key)).replaceAll("-----[A-Z ]+-----", "");
            store.setKeyEntry("own", KeyFactory.getInstance(chain[0].getPublicKey().getAlgorithm())
                .generatePrivate(new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem))), new char[0], chain);
            return store;
        }
    }

    static SSLContext context() throws Exception {
        KeyManagerFactory own = KeyManagerFactory.getInstance("PKIX");
        own.init(store("@chain@", "@key@"), new char[0]);
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(store("@ca@", null));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(own.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }
}
"""
IMPORTS = """
import java.io.*;
import java.net.*;
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.security.cert.Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.*;
"""
SERVER = (
    IMPORTS
    + """
import com.sun.net.httpserver.*;
import java.util.concurrent.Executors;

public class Server {
    public static void main(String[] words) throws Exception {
        HttpsServer server = HttpsServer.create(new InetSocketAddress("127.0.0.1", @port@), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context()) {
            public void configure(HttpsParameters parameters) {
                SSLParameters tls = getSSLContext().getDefaultSSLParameters();
                tls.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
                tls.setNeedClientAuth(true);
                parameters.setSSLParameters(tls);
            }
        });
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, 3);
            exchange.getResponseBody().write("ok\\n".getBytes());
            exchange.close();
        });
        server.setExecutor(Executors.newCachedThreadPool());
        server.start();
    }
"""
    + READ
)
CLIENT = (
    IMPORTS
    + """
import java.net.http.*;

public class Client {
    public static void main(String[] words) throws Exception {
        HttpClient client = HttpClient.newBuilder().sslContext(context()).build();
        URI uri = URI.create("https://" + words[0] + ":" + words[1] + "/");
        HttpResponse<String> response = client.send(
            HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
        System.out.println(response.statusCode() + " " + response.body());
    }
"""
    + READ
)
TRUST_ALL = """new TrustManager[] {new X509TrustManager() {
            public void checkClientTrusted(X509Certificate[] chain, String kind) {}
            public void checkServerTrusted(X509Certificate[] chain, String kind) {}
            public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
        }}"""
STACK = Stack(
    title="Java",
    programs=("java", "jshell"),
    server=Side(
        files={"Server.java": SERVER},
        prepare="javac -d @dir@ @dir@/Server.java",
        start="java -cp @dir@ Server",
        tested="17",
        wrong=(
            Wrong(
                setting="setNeedClientAuth",
                right="setNeedClientAuth(true)",
                wrong="setWantClientAuth(true)",
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="the JDK reads encrypted keys from PKCS#12 only, and checks CRLs only with a PKIXRevocationChecker",
        fixes=fixes(
            require="SSLParameters.setNeedClientAuth(true); setWantClientAuth(true) lets clients without one in",
            verify="the default TrustManager: no X509TrustManager with an empty checkClientTrusted",
            trust="a TrustManagerFactory with a KeyStore that holds only your root",
            others={
                Mistake.IDENTITY: "KeyStore.setKeyEntry: the leaf first, then its intermediates",
                Mistake.REVOCATION: "PKIXBuilderParameters with setRevocationEnabled(true) in the TrustManagerFactory",
                Mistake.NEW_VERSIONS: "SSLParameters.setProtocols: TLSv1.3 and TLSv1.2",
                Mistake.STRENGTH: "jdk.certpath.disabledAlgorithms in java.security: RSA keySize < 2048, SHA1",
            },
        ),
    ),
    client=Side(
        files={"Client.java": CLIENT},
        prepare="javac -d @dir@ @dir@/Client.java",
        start="java -cp @dir@ Client @host@ @port@",
        accepts=("weak-digest",),
        tested="17",
        wrong=(
            Wrong(
                setting="disableHostnameVerification",
                right="java -cp",
                wrong="java -Djdk.internal.httpclient.disableHostnameVerification=true -cp",
                effect="any server of the CA is believed, whatever its name",
                mistake=Mistake.NAME,
            ),
            Wrong(
                setting="X509TrustManager",
                right="trust.getTrustManagers()",
                wrong=TRUST_ALL,
                effect="any server with that name is believed",
                mistake=Mistake.VERIFY,
            ),
        ),
        limits="SHA-1 below the root is accepted; the JDK reads encrypted keys from PKCS#12 only",
        fixes=fixes(
            verify="the default TrustManager: no X509TrustManager with an empty checkServerTrusted",
            trust="-Djavax.net.ssl.trustStore=truststore.p12, which replaces the default CAs",
            name=(
                'SSLParameters.setEndpointIdentificationAlgorithm("HTTPS") on an SSLSocket or SSLEngine; no '
                "HostnameVerifier that returns true, no jdk.internal.httpclient.disableHostnameVerification"
            ),
        ),
    ),
    trust=TrustStore(
        add="keytool -importcert -noprompt -cacerts -storepass changeit -alias @label@ -file @ca@",
        remove="keytool -delete -cacerts -storepass changeit -alias @label@",
        tested="17",
        limits=(
            "of one JDK; better -Djavax.net.ssl.trustStore with the output truststore, which replaces the default CAs"
        ),
    ),
)
