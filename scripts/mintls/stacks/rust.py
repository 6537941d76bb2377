"""Rust's reqwest with rustls; not tested here."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

CARGO = """
[package]
name = "client"
version = "0.1.0"
edition = "2021"

[dependencies]
reqwest = { version = "0.12", default-features = false, features = ["blocking", "rustls-tls-manual-roots"] }
"""
CLIENT = """
use reqwest::{blocking::Client, Certificate, Identity};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().collect();
    let client = Client::builder()
        .use_rustls_tls()
        .tls_built_in_root_certs(false)
        .add_root_certificate(Certificate::from_pem(&std::fs::read("@ca@")?)?)
        .identity(Identity::from_pem(&std::fs::read("@combined@")?)?)
        .build()?;
    let response = client.get(format!("https://{}:{}/", words[1], words[2])).send()?;
    println!("{} {}", response.status(), response.text()?);
    Ok(())
}
"""
STACK = Stack(
    title="rustls",
    programs=("deno", "xh"),
    client=Side(
        files={"Cargo.toml": CARGO, "src/main.rs": CLIENT},
        prepare="cargo build --manifest-path @dir@/Cargo.toml",
        start="@dir@/target/debug/client @host@ @port@",
        wrong=(
            Wrong(
                setting="danger_accept_invalid_certs",
                right=".tls_built_in_root_certs(false)",
                wrong=".danger_accept_invalid_certs(true)",
                effect="any server is believed",
                mistake=Mistake.VERIFY,
            ),
        ),
        limits="no encrypted key",
        fixes=fixes(
            verify="no dangerous().set_certificate_verifier(); reqwest: no danger_accept_invalid_certs(true)",
            trust="a RootCertStore with only your CA; reqwest: tls_built_in_root_certs(false) and add_root_certificate",
            name="reqwest: no danger_accept_invalid_hostnames(true)",
        ),
    ),
)
