//! The certificate authority of a simulator: made at its start, trusted by whoever reads its file.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// It signs what servers show.
#[derive(Debug)]
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    file: PathBuf,
}

/// Certificate and key of a server, as PEM.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    /// Makes a new authority and writes its certificate to `ca.pem` in this directory.
    pub(crate) fn found(directory: &Path) -> io::Result<Self> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "aws-sim of a local cloud");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).map_err(io::Error::other)?;
        let file = directory.join("ca.pem");
        std::fs::write(&file, certificate.pem())?;
        Ok(Self { issuer: Issuer::new(params, key), file })
    }

    /// The file with its certificate.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// An identity for a server that is reached under these names.
    ///
    /// An address stands for its whole block, so that one certificate serves every endpoint that may ever lead to the server.
    pub(crate) fn identify(&self, names: &[String]) -> io::Result<Identity> {
        let mut all = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        for name in names {
            match name.parse() {
                Ok(IpAddr::V4(address)) => all.extend(block_of(address)),
                Ok(IpAddr::V6(_)) | Err(_) => all.push(name.clone()),
            }
        }
        all.sort();
        all.dedup();
        let mut params = CertificateParams::new(all).map_err(io::Error::other)?;
        params.distinguished_name.push(DnType::CommonName, "cache node");
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(io::Error::other)?;
        Ok(Identity { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

/// The addresses of the /28 in which this one is.
fn block_of(address: Ipv4Addr) -> impl Iterator<Item = String> {
    let start = u32::from(address) & !0xF;
    (start..=start + 0xF).map(|it| Ipv4Addr::from(it).to_string())
}
