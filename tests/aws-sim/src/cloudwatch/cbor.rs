//! Smithy RPC v2: CBOR in and out, which is what current SDKs speak to CloudWatch.

use jiff::Timestamp;
use minicbor::data::{Tag, Type};
use minicbor::decode::Error;
use minicbor::{Decoder, Encoder};
use serde_json::{Map, Number, Value};

use super::seconds;
use crate::{Refusal, Request, Response};

/// A request's fields. A time becomes its seconds, as in JSON.
pub(super) fn read(request: &Request) -> Result<Value, Refusal> {
    if request.body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    value(&mut Decoder::new(&request.body), 0).map_err(|err| {
        Refusal::new(400, "SerializationException", format!("the body is not CBOR: {err}"))
    })
}

/// As it is on the wire.
pub(super) fn written(value: &Value) -> Vec<u8> {
    body(0, |it| write(it, "", value))
}

/// What is written into it, for which room is made first.
pub(super) fn body(room: usize, write: impl FnOnce(&mut Encoder<Vec<u8>>) -> Written) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::with_capacity(room));
    // Writing into memory cannot fail.
    drop(write(&mut encoder));
    encoder.into_writer()
}

/// An answer with this body.
pub(super) fn answer(body: Vec<u8>, request_id: &str) -> Response {
    let headers = [
        ("content-type", "application/cbor"),
        ("smithy-protocol", "rpc-v2-cbor"),
        ("x-amzn-requestid", request_id),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Response { status: 200, headers: headers.to_vec(), body }
}

/// As deep as JSON is read.
const DEPTH_MAX: usize = 127;

fn value(decoder: &mut Decoder<'_>, depth: usize) -> Result<Value, Error> {
    if DEPTH_MAX < depth {
        return Err(Error::message("it is nested too deeply"));
    }
    Ok(match decoder.datatype()? {
        Type::Bool => Value::Bool(decoder.bool()?),
        Type::Null | Type::Undefined => {
            decoder.skip()?;
            Value::Null
        }
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => decoder.u64()?.into(),
        Type::I8 | Type::I16 | Type::I32 | Type::I64 => decoder.i64()?.into(),
        Type::F16 => f64::from(decoder.f16()?).into(),
        Type::F32 => f64::from(decoder.f32()?).into(),
        Type::F64 => decoder.f64()?.into(),
        Type::String => decoder.str()?.into(),
        Type::StringIndef => decoder.str_iter()?.collect::<Result<Vec<_>, _>>()?.concat().into(),
        Type::Tag => {
            decoder.tag()?;
            value(decoder, depth + 1)?
        }
        Type::Array | Type::ArrayIndef => {
            let mut list = Vec::new();
            let length = decoder.array()?;
            while !ended(decoder, length, list.len())? {
                list.push(value(decoder, depth + 1)?);
            }
            Value::Array(list)
        }
        Type::Map | Type::MapIndef => {
            let mut fields = Map::new();
            let (length, mut read) = (decoder.map()?, 0);
            while !ended(decoder, length, read)? {
                let name = decoder.str()?.to_owned();
                fields.insert(name, value(decoder, depth + 1)?);
                read += 1;
            }
            Value::Object(fields)
        }
        other @ (Type::Int
        | Type::Bytes
        | Type::BytesIndef
        | Type::Simple
        | Type::Break
        | Type::Unknown(_)) => {
            return Err(Error::message(format!("nothing here is written as {other}")));
        }
    })
}

/// Whether a list or a map is over: by its length, or by the mark at its end.
fn ended(decoder: &mut Decoder<'_>, length: Option<u64>, read: usize) -> Result<bool, Error> {
    match length {
        Some(length) => Ok(length <= read as u64),
        None if decoder.datatype()? == Type::Break => decoder.skip().map(|()| true),
        None => Ok(false),
    }
}

/// Nothing, but that it was written.
pub(super) type Written = Result<(), minicbor::encode::Error<std::convert::Infallible>>;

fn write(encoder: &mut Encoder<Vec<u8>>, name: &str, value: &Value) -> Written {
    match value {
        Value::Null => encoder.null().map(drop),
        Value::Bool(value) => encoder.bool(*value).map(drop),
        Value::Number(number) => write_number(encoder, name, number),
        Value::String(text) => encoder.str(text).map(drop),
        Value::Array(list) => {
            encoder.array(list.len() as u64)?;
            for it in list {
                write(encoder, name, it)?;
            }
            Ok(())
        }
        Value::Object(fields) => {
            encoder.map(fields.len() as u64)?;
            for (name, it) in fields {
                encoder.str(name)?;
                write(encoder, name, it)?;
            }
            Ok(())
        }
    }
}

/// Every field of CloudWatch that holds a time, or a list of them, says so in its name.
fn write_number(encoder: &mut Encoder<Vec<u8>>, name: &str, number: &Number) -> Written {
    if name.ends_with("Timestamp") || name.ends_with("Timestamps") {
        encoder.tag(Tag::new(1))?;
    }
    match (number.as_i64(), number.as_f64()) {
        (Some(whole), _) => encoder.i64(whole).map(drop),
        (None, Some(fraction)) => encoder.f64(fraction).map(drop),
        (None, None) => encoder.null().map(drop),
    }
}

/// A time in a list of them.
pub(super) fn write_time(encoder: &mut Encoder<Vec<u8>>, at: Timestamp) -> Written {
    encoder.tag(Tag::new(1))?.f64(seconds(at)).map(drop)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let value = json!({
            "Text": "ä",
            "List": [1, -2, 2.5, true, null],
            "StateUpdatedTimestamp": 1_767_225_600.25,
        });
        let body = written(&value);
        // c1: tag 1, the time since the epoch.
        assert!(body.windows(2).any(|it| it == [0xC1, 0xFB]));
        assert_eq!(read(&Request { body, ..Request::default() }).unwrap(), value);
        // {_ "a": [_ 1]}, of no stated length, as some SDKs write.
        let body = vec![0xBF, 0x61, b'a', 0x9F, 0x01, 0xFF, 0xFF];
        assert_eq!(read(&Request { body, ..Request::default() }).unwrap(), json!({ "a": [1] }));
        assert!(read(&Request { body: vec![0xBF], ..Request::default() }).is_err());
    }
}
