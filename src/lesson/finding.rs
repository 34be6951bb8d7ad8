//! What is wrong with a lesson: where, and what to do.

use std::fmt;
use std::ops::Range;

/// One thing wrong: the file, its line where known, and a sentence that names what would be accepted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub file: String,
    pub line: Option<u32>,
    pub message: String,
}

impl Finding {
    /// A finding about a file as a whole.
    pub fn of(file: &str, message: impl Into<String>) -> Finding {
        Finding { file: file.into(), line: None, message: message.into() }
    }

    /// A finding at a place of `text`, given as a range of bytes.
    pub fn at(file: &str, text: &str, span: Range<usize>, message: impl Into<String>) -> Finding {
        Finding { file: file.into(), line: Some(line_of(text, span.start)), message: message.into() }
    }

    /// A finding that the engine wrote as `file:line: message`.
    pub fn read(file: &str, text: &str) -> Finding {
        let rest = text.strip_prefix(file).and_then(|rest| rest.strip_prefix(':'));
        let parts = rest.and_then(|rest| rest.split_once(": "));
        let read = parts.and_then(|(line, message)| Some((line.parse().ok()?, message)));
        match read {
            Some((line, message)) => Finding { file: file.into(), line: Some(line), message: message.into() },
            None => Finding::of(file, text),
        }
    }

    /// The same finding in a file named from further up.
    pub fn under(mut self, folder: &str) -> Finding {
        self.file = format!("{folder}/{}", self.file);
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

/// The line, counted from 1, that holds a byte of `text`.
pub fn line_of(text: &str, offset: usize) -> u32 {
    let before = &text.as_bytes()[..offset.min(text.len())];
    before.iter().filter(|b| **b == b'\n').count() as u32 + 1
}

/// Reads TOML; the error says where and, for unknown names, what is accepted.
pub fn read_toml<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, Finding> {
    toml::from_str(text).map_err(|error| {
        let message = error.message().replace('`', "\"");
        match error.span() {
            Some(span) => Finding::at(file, text, span, message),
            None => Finding::of(file, message),
        }
    })
}
