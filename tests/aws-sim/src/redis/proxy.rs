//! An endpoint that stays while the servers behind it change, as a DNS name does.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinHandle};
use tokio_rustls::TlsAcceptor;

use super::front;
use crate::{Endpoint, NodeKey};

/// A server as an endpoint sees it.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) node: NodeKey,
    pub(crate) address: SocketAddr,
    pub(crate) socket: PathBuf,
    pub(crate) acceptor: TlsAcceptor,
    /// Whether its token is optional now, which Redis itself cannot model.
    pub(crate) optional: Arc<Mutex<bool>>,
}

/// An endpoint. It listens while it leads anywhere, and refuses connections while it does not.
pub(crate) struct Proxy {
    endpoint: Endpoint,
    targets: Arc<Mutex<Targets>>,
    listener: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Targets {
    to: Vec<Target>,
    turn: usize,
    connections: Vec<(NodeKey, AbortHandle)>,
}

impl Targets {
    /// The next server in turn.
    fn next(&mut self) -> Option<Target> {
        self.turn = self.turn.wrapping_add(1);
        let at = self.turn.checked_rem(self.to.len())?;
        self.to.get(at).cloned()
    }

    /// Ends every connection to a server for which this holds.
    fn cut(&mut self, of: impl Fn(&NodeKey) -> bool) {
        self.connections.retain(|(node, connection)| {
            if of(node) {
                connection.abort();
            }
            !connection.is_finished() && !of(node)
        });
    }
}

impl Proxy {
    /// An endpoint that leads nowhere yet.
    pub(crate) fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, targets: Arc::default(), listener: None }
    }

    /// The servers that it leads to.
    pub(crate) fn targets(&self) -> Vec<NodeKey> {
        lock(&self.targets).to.iter().map(|it| it.node.clone()).collect()
    }

    /// Leads to these servers from now on. Connections to others are cut.
    pub(crate) async fn point(&mut self, to: Vec<Target>) -> io::Result<()> {
        let leads = !to.is_empty();
        {
            let mut targets = lock(&self.targets);
            targets.cut(|node| !to.iter().any(|it| it.node == *node));
            targets.to = to;
        }
        if leads && self.listener.is_none() {
            let Endpoint { host, port } = &self.endpoint;
            let listener = TcpListener::bind((host.as_str(), *port)).await.map_err(|err| {
                io::Error::new(err.kind(), format!("cannot listen on {host}:{port}: {err}"))
            })?;
            self.listener = Some(tokio::spawn(accept(listener, Arc::clone(&self.targets))));
        }
        if !leads && let Some(listener) = self.listener.take() {
            listener.abort();
            // The port is free once the task is gone; how it ended is of no interest.
            drop(listener.await);
        }
        Ok(())
    }

    /// Ends every connection to this server.
    pub(crate) fn cut(&self, node: &NodeKey) {
        lock(&self.targets).cut(|it| it == node);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(listener) = &self.listener {
            listener.abort();
        }
        lock(&self.targets).cut(|_| true);
    }
}

async fn accept(listener: TcpListener, targets: Arc<Mutex<Targets>>) {
    loop {
        match listener.accept().await {
            Ok((client, _)) => admit(client, &targets),
            // Out of file descriptors, mostly. It passes.
            Err(_) => tokio::time::sleep(ACCEPT_AGAIN).await,
        }
    }
}

const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

fn admit(client: TcpStream, targets: &Mutex<Targets>) {
    let mut targets = lock(targets);
    let Some(target) = targets.next() else { return };
    let node = target.node.clone();
    let connection = tokio::spawn(async move {
        // Either side may end a connection at any time.
        drop(carry(client, target).await);
    });
    targets.connections.retain(|(_, it)| !it.is_finished());
    targets.connections.push((node, connection.abort_handle()));
}

async fn carry(mut client: TcpStream, target: Target) -> io::Result<()> {
    client.set_nodelay(true)?;
    let optional = *lock(&target.optional);
    if optional {
        return front::carry(client, target.acceptor, &target.socket).await;
    }
    let mut server = TcpStream::connect(target.address).await?;
    server.set_nodelay(true)?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

/// Nothing here panics while it holds a lock.
fn lock<T>(it: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}
