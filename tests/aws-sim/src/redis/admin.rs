//! The simulator's own way into a server: a socket of the file system and a user that nobody else knows.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

use super::resp::{Reply, read_reply, write_command};

/// How to get in.
#[derive(Clone)]
pub(crate) struct Admin {
    pub(crate) socket: PathBuf,
    pub(crate) password: String,
}

impl Admin {
    /// One command over a connection of its own, and its reply as text.
    pub(crate) async fn ask(&self, command: &[&str]) -> io::Result<String> {
        match tokio::time::timeout(PATIENCE, self.converse(command)).await {
            Ok(reply) => reply?.into_text(),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    async fn converse(&self, command: &[&str]) -> io::Result<Reply> {
        let mut stream = BufReader::new(UnixStream::connect(&self.socket).await?);
        stream.write_all(&write_command(&["AUTH", USER, &self.password])).await?;
        read_reply(&mut stream).await?.into_text()?;
        stream.write_all(&write_command(command)).await?;
        read_reply(&mut stream).await
    }
}

/// The name of the simulator's user.
pub(crate) const USER: &str = "aws-sim-admin";

/// A local server that does not answer within this time is stuck.
const PATIENCE: Duration = Duration::from_secs(10);
