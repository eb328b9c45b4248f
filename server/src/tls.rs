//! HTTPS: with a certificate from files, or with one that is made on the spot.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Which certificate a server shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// One for this machine's names, made once and kept below the folder for data.
    SelfSigned,
    /// That of these files, in PEM.
    Files {
        /// The certificate, with those that it is signed by.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
}

/// A certificate cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the certificate {}: {reason}", file.display())]
pub struct TlsError {
    /// The file.
    pub file: PathBuf,
    /// Why not.
    pub reason: String,
}

/// The names and addresses of a certificate that is made here.
const NAMES: [&str; 4] = ["localhost", "*.localhost", "127.0.0.1", "::1"];

/// Where a certificate that is made here lies, for clients to trust, and its key.
pub(crate) fn made_files(data: &Path) -> (PathBuf, PathBuf) {
    (data.join("tls/certificate.pem"), data.join("tls/key.pem"))
}

/// What takes connections.
pub(crate) fn acceptor(tls: &Tls, data: &Path) -> Result<TlsAcceptor, TlsError> {
    let (certificate, key) = match tls {
        Tls::Files { certificate, key } => (certificate.clone(), key.clone()),
        Tls::SelfSigned => {
            let (certificate, key) = made_files(data);
            if !certificate.is_file() || !key.is_file() {
                let failed = |reason: String| TlsError { file: certificate.clone(), reason };
                make(&certificate, &key).map_err(failed)?;
            }
            (certificate, key)
        }
    };
    let failed = |file: &Path, reason: &dyn ToString| TlsError { file: file.to_owned(), reason: reason.to_string() };
    let chain = CertificateDer::pem_file_iter(&certificate).map_err(|error| failed(&certificate, &error))?;
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(|error| failed(&certificate, &error))?;
    if chain.is_empty() {
        return Err(failed(&certificate, &"there is no certificate in it"));
    }
    let private = PrivateKeyDer::from_pem_file(&key).map_err(|error| failed(&key, &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&certificate, &error))?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| failed(&certificate, &error))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Makes a certificate and its key, which nobody else may read.
fn make(certificate: &Path, key: &Path) -> Result<(), String> {
    let made = rcgen::generate_simple_self_signed(NAMES.map(str::to_owned)).map_err(|error| error.to_string())?;
    let written = || -> io::Result<()> {
        if let Some(folder) = key.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut options = fs::File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(key)?.write_all(made.signing_key.serialize_pem().as_bytes())?;
        fs::write(certificate, made.cert.pem())
    };
    written().map_err(|error| error.to_string())
}
