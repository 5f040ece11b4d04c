//! A running simulator whose nodes are modelled and whose clock stands still, and the endpoint that stands for SNS.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::around::{listen, scope};

pub(crate) struct Scene {
    child: Child,
    pub(crate) at: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Scene {
    pub(crate) fn start() -> Self {
        let (sns, heard) = listen();
        let mut child = Command::new(env!("CARGO_BIN_EXE_aws-sim"))
            .args(["--listen", "127.0.0.1:0", "--nodes", "modelled", "--time-scale", "0"])
            .args(["--node-quota", "none"])
            .args(["--seed", "1", "--start", "2026-01-01T00:00:00Z", "--sns-endpoint", &sns])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let at = line.trim().rsplit(' ').next().unwrap().to_owned();
        Self { child, at, heard }
    }

    /// A call of ElastiCache: its status and answer.
    pub(crate) fn query(&self, form: &str) -> (u16, String) {
        self.send("POST", "/", &[("Authorization", scope("elasticache"))], form)
    }

    /// A call of a service that speaks JSON.
    pub(crate) fn json(&self, service: &str, operation: &str, fields: &Value) -> (u16, String) {
        let target = ("X-Amz-Target", format!("X.{operation}"));
        self.send("POST", "/", &[("Authorization", scope(service)), target], &fields.to_string())
    }

    /// What only an operator may ask.
    #[track_caller]
    pub(crate) fn operate(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, answer) = self.send(method, path, &[], &body);
        assert_eq!(status, 200, "{method} {path}: {answer}");
        serde_json::from_str(&answer).unwrap()
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, String)],
        body: &str,
    ) -> (u16, String) {
        let headers = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{}Content-Length: {}\r\n\r\n{body}",
            self.at,
            headers.collect::<String>(),
            body.len()
        );
        let mut stream = TcpStream::connect(&self.at).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let answer = hear(stream);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Sends whatever this is, and says no more; gives what is heard until the other side says no more either.
    pub(crate) fn throw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(&self.at).unwrap();
        // The other side may have gone already: then less is heard.
        drop(stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write)));
        hear(stream)
    }

    /// What was published, once it is so much.
    #[track_caller]
    pub(crate) fn heard(&self, count: usize) -> Vec<String> {
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            let heard = self.heard.lock().unwrap().clone();
            if heard.len() == count {
                return heard;
            }
            assert!(heard.len() < count && Instant::now() < deadline, "not {count}: {heard:#?}");
            sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Everything until the other side says no more.
fn hear(mut stream: TcpStream) -> String {
    let mut heard = Vec::new();
    // It may have gone in the middle.
    drop(stream.read_to_end(&mut heard));
    String::from_utf8_lossy(&heard).into_owned()
}
