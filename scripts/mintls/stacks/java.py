"""Java's own JSSE: HttpsServer and HttpClient."""

from mintls.configuration.stack import Side, Stack, fixes

STACK = Stack(
    title="Java",
    programs=("java", "jshell"),
    client=Side(
        fixes=fixes(
            verify="the default TrustManager: no X509TrustManager with an empty checkServerTrusted",
            trust="-Djavax.net.ssl.trustStore=truststore.p12, which replaces the default CAs",
            name=(
                'SSLParameters.setEndpointIdentificationAlgorithm("HTTPS") on an SSLSocket or SSLEngine; no '
                "HostnameVerifier that returns true, no jdk.internal.httpclient.disableHostnameVerification"
            ),
        ),
    ),
)
