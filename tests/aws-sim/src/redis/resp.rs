//! RESP, the language of Redis: commands and replies, read and written.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

/// What a server says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Reply {
    /// A simple or bulk string.
    Text(Vec<u8>),
    /// An error, code and all.
    Error(String),
    /// A number.
    Number(i64),
    /// Nil.
    Nothing,
    /// A list.
    List(Vec<Self>),
}

impl Reply {
    /// Its text, or the error as one.
    pub(crate) fn into_text(self) -> io::Result<String> {
        match self {
            Self::Text(text) => Ok(String::from_utf8_lossy(&text).into_owned()),
            Self::Number(number) => Ok(number.to_string()),
            Self::Error(error) => Err(io::Error::other(error)),
            Self::Nothing | Self::List(_) => Err(io::Error::other("the reply is not a text")),
        }
    }
}

/// Reads one reply.
pub(crate) async fn read_reply(reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Reply> {
    let line = read_line(reader).await?;
    let (kind, rest) = line.split_at_checked(1).ok_or_else(|| broken("an empty line"))?;
    Ok(match kind {
        "+" => Reply::Text(rest.as_bytes().to_vec()),
        "-" => Reply::Error(rest.to_owned()),
        ":" => Reply::Number(rest.parse().map_err(|_| broken("a number"))?),
        "$" => match usize::try_from(rest.parse::<i64>().map_err(|_| broken("a length"))?) {
            Ok(length) => {
                let mut text = vec![0; length];
                reader.read_exact(&mut text).await?;
                reader.read_exact(&mut [0; 2]).await?;
                Reply::Text(text)
            }
            Err(_) => Reply::Nothing,
        },
        "*" => {
            let count: i64 = rest.parse().map_err(|_| broken("a count"))?;
            let mut list = Vec::new();
            for _ in 0..count {
                list.push(Box::pin(read_reply(reader)).await?);
            }
            Reply::List(list)
        }
        _ => return Err(broken("an unknown kind of reply")),
    })
}

/// A command and its arguments, as they go over the wire.
pub(crate) fn write_command<T: AsRef<[u8]>>(parts: &[T]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", parts.len()).into_bytes();
    for part in parts {
        let part = part.as_ref();
        bytes.extend(format!("${}\r\n", part.len()).into_bytes());
        bytes.extend(part);
        bytes.extend(b"\r\n");
    }
    bytes
}

/// A command read from the front of a buffer, and how many bytes it took. None: it has not arrived wholly.
pub(crate) fn read_command(buffer: &[u8]) -> io::Result<Option<(Vec<Vec<u8>>, usize)>> {
    let Some((line, mut at)) = line_at(buffer, 0) else { return Ok(None) };
    let Some(count) = line.strip_prefix('*') else {
        // What a person types into a bare connection.
        let words = line.split_ascii_whitespace().map(|it| it.as_bytes().to_vec()).collect();
        return Ok(Some((words, at)));
    };
    let count: i64 = count.parse().map_err(|_| broken("a count"))?;
    let mut parts = Vec::new();
    for _ in 0..count {
        let Some((line, start)) = line_at(buffer, at) else { return Ok(None) };
        let length = line.strip_prefix('$').and_then(|it| it.parse::<usize>().ok());
        let length = length.filter(|it| *it <= BULK_MAX).ok_or_else(|| broken("a length"))?;
        let Some(part) = buffer.get(start..start + length) else { return Ok(None) };
        at = start + length + 2;
        if buffer.len() < at {
            return Ok(None);
        }
        parts.push(part.to_vec());
    }
    Ok(Some((parts, at)))
}

/// Redis' own limit on one argument.
const BULK_MAX: usize = 512 << 20;

/// The line that begins here, and where the next one does.
fn line_at(buffer: &[u8], start: usize) -> Option<(String, usize)> {
    let rest = buffer.get(start..)?;
    let end = rest.iter().position(|it| *it == b'\n')?;
    let line = String::from_utf8_lossy(rest.get(..end)?);
    Some((line.trim_end_matches('\r').to_owned(), start + end + 1))
}

async fn read_line(reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<String> {
    let mut line = Vec::new();
    if reader.read_until(b'\n', &mut line).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not RESP: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_read_once_it_is_whole() {
        let bytes = write_command(&["AUTH", "a\r\nb"]);
        for length in 0..bytes.len() {
            assert_eq!(read_command(&bytes[..length]).unwrap(), None, "{length}");
        }
        let (parts, taken) = read_command(&bytes).unwrap().unwrap();
        assert_eq!(parts, [b"AUTH".to_vec(), b"a\r\nb".to_vec()]);
        assert_eq!(taken, bytes.len());
        let (parts, taken) = read_command(b"PING x\r\nPING").unwrap().unwrap();
        assert_eq!((parts.len(), taken), (2, 8));
        assert!(read_command(b"*1\r\n$-4\r\n").is_err());
    }

    #[tokio::test]
    async fn every_kind_of_reply_is_read() {
        let bytes = b"*5\r\n+OK\r\n-ERR no\r\n:7\r\n$2\r\nhi\r\n$-1\r\n";
        let reply = read_reply(&mut bytes.as_slice()).await.unwrap();
        let wanted = [
            Reply::Text(b"OK".to_vec()),
            Reply::Error("ERR no".to_owned()),
            Reply::Number(7),
            Reply::Text(b"hi".to_vec()),
            Reply::Nothing,
        ];
        assert_eq!(reply, Reply::List(wanted.to_vec()));
    }
}
