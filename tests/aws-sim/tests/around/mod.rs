//! What stands around a simulator that is a process: who hears from it, and how it is asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread::spawn;

/// Stands for SNS and Lambda: remembers what it is sent, and answers that all is well.
pub(crate) fn listen() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ears = Arc::clone(&heard);
    spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut lines, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                if let Some(number) = line.to_lowercase().strip_prefix("content-length:") {
                    length = number.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
                lines.push_str(&line);
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let path = lines.lines().next().unwrap_or_default();
            ears.lock().unwrap().push(format!("{path} {}", String::from_utf8_lossy(&body)));
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnull";
            stream.get_mut().write_all(answer).unwrap();
        }
    });
    (at, heard)
}

/// The header of a call that is signed by nobody, to this service.
pub(crate) fn scope(service: &str) -> String {
    format!("AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/{service}/aws4_request, Signature=0")
}
