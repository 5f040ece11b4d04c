//! The simulator on loopback, in this very process: its world is made here.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sim::{Request, World};
use domain::tag;
use jiff::Timestamp;

/// Answers whoever asks.
pub(crate) struct Front {
    url: String,
    pages_of_groups: Arc<AtomicUsize>,
}

impl Front {
    /// Listens on a free port. Each connection has a thread of its own, which ends with it.
    pub(crate) fn open(world: World, now: Timestamp) -> Result<Self, Box<dyn Error>> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let pages_of_groups = Arc::<AtomicUsize>::default();
        let pages = Arc::clone(&pages_of_groups);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (world, pages) = (world.clone(), Arc::clone(&pages));
                std::thread::spawn(move || drop(serve(connection, &world, now, &pages)));
            }
        });
        Ok(Self { url, pages_of_groups })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// How many calls found groups by their tags.
    pub(crate) fn pages_of_groups(&self) -> usize {
        self.pages_of_groups.load(Ordering::Relaxed)
    }
}

fn serve(
    mut connection: TcpStream,
    world: &World,
    now: Timestamp,
    pages: &AtomicUsize,
) -> Result<(), Box<dyn Error>> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::new(connection.try_clone()?);
    while let Some(request) = read(&mut reader)? {
        let body = String::from_utf8_lossy(&request.body);
        // Which groups stand in for another is a question of its own, and one call for all.
        let finds_groups = body.contains("replicationgroup") && !body.contains(tag::IN_PLACE);
        if finds_groups && request.service() == Some("tagging") {
            pages.fetch_add(1, Ordering::Relaxed);
        }
        let response = world.call(now, &request);
        let headers = response.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        let head = format!(
            "HTTP/1.1 {} x\r\n{}content-length: {}\r\n\r\n",
            response.status,
            headers.collect::<Vec<_>>().concat(),
            response.body.len()
        );
        connection.write_all(&[head.as_bytes(), &response.body].concat())?;
    }
    Ok(())
}

/// The next request of a connection; none where it has ended.
fn read(reader: &mut BufReader<TcpStream>) -> Result<Option<Request>, Box<dyn Error>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, uri) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (mut headers, mut length) = (Vec::new(), 0);
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
        if name == "content-length" {
            length = value.parse()?;
        }
        headers.push((name, value));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(Request { method, uri, headers, body }))
}
