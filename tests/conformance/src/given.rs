//! The parameters of a call, read as whatever type the SDK's builder asks for.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::{Map, Value};

/// The parameters that were given, less those that were taken.
pub(crate) struct Given {
    left: Map<String, Value>,
    wrong: Vec<String>,
}

impl Given {
    pub(crate) fn of(parameters: Value) -> Self {
        let Value::Object(left) = parameters else {
            return Self {
                left: Map::new(),
                wrong: vec![format!("{parameters} are no parameters")],
            };
        };
        Self { left, wrong: Vec::new() }
    }

    /// Takes a parameter, by the name of the builder's method for it, for example `set_tag_keys`.
    pub(crate) fn take<T: Read>(&mut self, setter: &str) -> Option<T> {
        let name = setter.trim_start_matches("set_");
        let value = self.left.remove(name)?;
        let read = T::read(value);
        if read.is_none() {
            self.wrong.push(format!("{name} cannot be read"));
        }
        read
    }

    /// What could not be read, and what nobody took.
    pub(crate) fn wrong(&self) -> Vec<String> {
        let left = self.left.keys().map(|it| format!("{it} is not passed on"));
        self.wrong.iter().cloned().chain(left).collect()
    }
}

/// What can be read from a JSON value.
pub(crate) trait Read: Sized {
    fn read(value: Value) -> Option<Self>;
}

impl Read for String {
    fn read(value: Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl Read for bool {
    fn read(value: Value) -> Option<Self> {
        value.as_bool()
    }
}

impl Read for i32 {
    fn read(value: Value) -> Option<Self> {
        value.as_i64()?.try_into().ok()
    }
}

impl Read for i64 {
    fn read(value: Value) -> Option<Self> {
        value.as_i64()
    }
}

impl Read for f64 {
    fn read(value: Value) -> Option<Self> {
        value.as_f64()
    }
}

impl Read for DateTime {
    fn read(value: Value) -> Option<Self> {
        Self::from_str(value.as_str()?, Format::DateTime).ok()
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(value: Value) -> Option<Self> {
        let Value::Array(items) = value else { return None };
        items.into_iter().map(T::read).collect()
    }
}

/// Makes a call of each operation, with the setters of the parameters that the stories give.
macro_rules! operations {
    ($client:ty { $($name:literal $method:ident { $($setter:ident),* $(,)? })* }) => {
        /// Makes the call of this name; none where it is not here.
        pub(crate) async fn call(
            client: &$client,
            operation: &str,
            given: &mut $crate::given::Given,
        ) -> Option<$crate::answer::Answer> {
            Some(match operation {
                $($name => {
                    let call = client.$method()$(.$setter(given.take(stringify!($setter))))*;
                    $crate::answer::of(call.send().await)
                })*
                _ => return None,
            })
        }
    };
}

/// Reads structures, from what their builders can be given.
macro_rules! structures {
    ($($name:ident { $($setter:ident),* $(,)? })*) => {
        $(impl $crate::given::Read for $name {
            fn read(value: serde_json::Value) -> Option<Self> {
                let mut given = $crate::given::Given::of(value);
                let built = Self::builder()$(.$setter(given.take(stringify!($setter))))*.build();
                given.wrong().is_empty().then_some(built)
            }
        })*
    };
}

/// Reads enumerations, from the service's words for their values.
macro_rules! enumerations {
    ($($name:ident),*) => {
        $(impl $crate::given::Read for $name {
            fn read(value: serde_json::Value) -> Option<Self> {
                value.as_str().map(Self::from)
            }
        })*
    };
}

pub(crate) use {enumerations, operations, structures};
