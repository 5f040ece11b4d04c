//! Lambda's Runtime API on loopback, and beside it an AWS that knows of nothing, and a place for a custom resource's answer.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// The API of one process.
#[derive(Debug)]
pub(crate) struct Api {
    address: String,
    asked: Receiver<Asked>,
}

/// What a process asks of the API.
#[derive(Debug)]
pub(crate) enum Asked {
    /// For work.
    Work(Work),
    /// To take an answer, with success or an error.
    Answered(Instant),
}

/// A request for work, still open.
#[derive(Debug)]
pub(crate) struct Work {
    /// When it came.
    pub(crate) at: Instant,
    connection: TcpStream,
}

impl Api {
    /// Listens on a free port. Each connection has a thread of its own, which ends with the connection.
    pub(crate) fn open() -> Result<Self, Box<dyn Error>> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        let (sender, asked) = channel();
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let sender = sender.clone();
                std::thread::spawn(move || drop(serve(connection, &sender)));
            }
        });
        Ok(Self { address, asked })
    }

    /// Host and port.
    pub(crate) fn address(&self) -> String {
        self.address.clone()
    }

    /// A URL that takes the answer of a custom resource.
    pub(crate) fn callback_url(&self) -> String {
        format!("http://{}/callback", self.address)
    }

    /// Waits until the process asks for work.
    pub(crate) fn await_work(&self) -> Result<Work, Box<dyn Error>> {
        match self.asked.recv_timeout(PATIENCE)? {
            Asked::Work(work) => Ok(work),
            Asked::Answered(_) => Err("it answered what nobody asked".into()),
        }
    }

    /// Waits until the process answers.
    pub(crate) fn await_answer(&self) -> Result<Asked, Box<dyn Error>> {
        Ok(self.asked.recv_timeout(PATIENCE)?)
    }
}

impl Work {
    /// Gives an event, and tells when.
    pub(crate) fn give(mut self, event: &str) -> Result<Instant, Box<dyn Error>> {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
             lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
             lambda-runtime-deadline-ms: 4102444800000\r\n\
             lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:123456789012:function:bench\r\n\
             lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700\r\n\
             content-length: {}\r\n\r\n",
            event.len()
        );
        let sent = Instant::now();
        self.connection.write_all(format!("{head}{event}").as_bytes())?;
        Ok(sent)
    }
}

/// Longer than any of this takes; a process that died must not hold us up for ever.
const PATIENCE: Duration = Duration::from_secs(20);

/// Serves the requests of one connection, one after another.
fn serve(mut connection: TcpStream, sender: &Sender<Asked>) -> Result<(), Box<dyn Error>> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::new(connection.try_clone()?);
    while let Some(request) = Request::read(&mut reader)? {
        let at = Instant::now();
        if request.path.ends_with("/invocation/next") {
            sender.send(Asked::Work(Work { at, connection: connection.try_clone()? }))?;
            continue;
        }
        let is_answer = request.path.contains("/runtime/");
        let (status, body) = if is_answer { ("202 Accepted", "") } else { request.nothing_known() };
        connection.write_all(
            format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).as_bytes(),
        )?;
        if is_answer {
            sender.send(Asked::Answered(at))?;
        }
    }
    Ok(())
}

/// A request, as far as it is looked at.
struct Request {
    path: String,
    body: String,
}

impl Request {
    /// Reads a request, or the end of the connection.
    fn read(reader: &mut BufReader<TcpStream>) -> Result<Option<Self>, Box<dyn Error>> {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let path = line.split_whitespace().nth(1).unwrap_or_default().to_owned();
        let (mut length, mut chunked) = (0, false);
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
            chunked |= header.starts_with("transfer-encoding:") && header.contains("chunked");
        }
        let body = if chunked { read_chunks(reader)? } else { read_exactly(reader, length)? };
        Ok(Some(Self { path, body: String::from_utf8_lossy(&body).into_owned() }))
    }

    /// What an AWS answers that has nothing: empty lists, and "not found" to a question after one thing.
    fn nothing_known(&self) -> (&'static str, &'static str) {
        if self.path.starts_with("/callback") {
            return ("200 OK", "");
        }
        if self.body.contains("Action=DescribeCacheClusters") {
            return ("200 OK", NO_CLUSTERS);
        }
        if self.body.contains("Action=") {
            return ("404 Not Found", NO_GROUP);
        }
        (
            "400 Bad Request",
            r#"{"__type":"ResourceNotFoundException","message":"there is nothing here"}"#,
        )
    }
}

const NO_CLUSTERS: &str = r#"<DescribeCacheClustersResponse xmlns="http://elasticache.amazonaws.com/doc/2015-02-02/"><DescribeCacheClustersResult><CacheClusters/></DescribeCacheClustersResult><ResponseMetadata><RequestId>0</RequestId></ResponseMetadata></DescribeCacheClustersResponse>"#;

const NO_GROUP: &str = r#"<ErrorResponse xmlns="http://elasticache.amazonaws.com/doc/2015-02-02/"><Error><Type>Sender</Type><Code>ReplicationGroupNotFoundFault</Code><Message>there is nothing here</Message></Error><RequestId>0</RequestId></ErrorResponse>"#;

fn read_exactly(reader: &mut impl Read, length: usize) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(body)
}

fn read_chunks(reader: &mut impl BufRead) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim(), 16)?;
        body.extend(read_exactly(reader, length)?);
        reader.read_line(&mut line)?;
        if length == 0 {
            return Ok(body);
        }
    }
}
