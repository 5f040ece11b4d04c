//! A client of a server, on one connection.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use aws_sim::Request;

/// One connection, on which one request follows the other.
pub(crate) struct Client {
    address: String,
    connection: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(address: &str) -> Result<Self, Box<dyn Error>> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { address: address.to_owned(), connection: BufReader::new(stream) })
    }

    /// Sends a request and gives the body of its answer, which must be a good one.
    pub(crate) fn ask(&mut self, request: &Request) -> Result<String, Box<dyn Error>> {
        // One write, one packet.
        let mut sent = Vec::new();
        write!(sent, "POST {} HTTP/1.1\r\nhost: {}\r\n", request.uri, self.address)?;
        for (name, value) in &request.headers {
            write!(sent, "{name}: {value}\r\n")?;
        }
        write!(sent, "content-length: {}\r\n\r\n", request.body.len())?;
        sent.extend(&request.body);
        self.connection.get_mut().write_all(&sent)?;
        let mut line = String::new();
        self.connection.read_line(&mut line)?;
        let is_good = line.starts_with("HTTP/1.1 200");
        let mut length = 0;
        loop {
            line.clear();
            if self.connection.read_line(&mut line)? == 0 {
                return Err("the connection was closed".into());
            }
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.connection.read_exact(&mut body)?;
        let body = String::from_utf8(body)?;
        if is_good { Ok(body) } else { Err(body.into()) }
    }
}
