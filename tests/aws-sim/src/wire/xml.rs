//! XML, written.

use std::borrow::Cow;

use jiff::Timestamp;

/// Writes elements one after the other and within each other.
#[derive(Debug, Default)]
pub struct Xml(String);

impl Xml {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was written.
    pub fn done(self) -> String {
        self.0
    }

    /// An element with text.
    pub fn text(&mut self, name: &str, value: impl AsRef<str>) -> &mut Self {
        self.open(name);
        self.0.push_str(&escape(value.as_ref()));
        self.close(name)
    }

    /// An element with text, where there is one.
    pub fn maybe(&mut self, name: &str, value: Option<impl AsRef<str>>) -> &mut Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// An element with a number.
    pub fn number(&mut self, name: &str, value: impl Into<i64>) -> &mut Self {
        self.text(name, value.into().to_string())
    }

    /// An element with `true` or `false`.
    pub fn flag(&mut self, name: &str, value: bool) -> &mut Self {
        self.text(name, if value { "true" } else { "false" })
    }

    /// An element with a time, to the millisecond as AWS writes it.
    pub fn time(&mut self, name: &str, value: Timestamp) -> &mut Self {
        self.text(name, time(value))
    }

    /// An element around others.
    pub fn within(&mut self, name: &str, inner: impl FnOnce(&mut Self)) -> &mut Self {
        self.open(name);
        inner(self);
        self.close(name)
    }

    /// A list: an element around one for each item.
    pub fn list<T>(
        &mut self,
        name: &str,
        item: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        self.within(name, |xml| {
            for it in items {
                xml.within(item, |xml| write(xml, it));
            }
        })
    }

    /// A list of texts.
    pub fn texts<T: AsRef<str>>(
        &mut self,
        name: &str,
        item: &str,
        items: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        self.within(name, |xml| {
            for it in items {
                xml.text(item, it);
            }
        })
    }

    fn open(&mut self, name: &str) {
        self.0.push('<');
        self.0.push_str(name);
        self.0.push('>');
    }

    fn close(&mut self, name: &str) -> &mut Self {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
        self
    }
}

/// A time as AWS writes it in XML: `2026-01-02T03:04:05.678Z`.
pub fn time(value: Timestamp) -> String {
    value.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Text that is safe within an element.
pub fn escape(text: &str) -> Cow<'_, str> {
    // Most of it is names and numbers.
    if text.bytes().all(|it| 0x20 <= it && !b"&<>\"".contains(&it)) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for it in text.chars() {
        match it {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // Not allowed in XML 1.0 at all.
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' => escaped.push('?'),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_nest_and_text_is_escaped() {
        let mut xml = Xml::new();
        xml.within("A", |xml| {
            xml.text("B", "1 < 2 & 3").flag("C", true).texts("D", "member", ["x", "y"]);
        });
        assert_eq!(
            xml.done(),
            "<A><B>1 &lt; 2 &amp; 3</B><C>true</C><D><member>x</member><member>y</member></D></A>"
        );
    }

    #[test]
    fn a_time_has_milliseconds() {
        assert_eq!(time(Timestamp::constant(1_767_225_600, 5_000_000)), "2026-01-01T00:00:00.005Z");
    }
}
