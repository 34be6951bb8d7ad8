//! A whole session as text: what a link carries. A line of JSON says where the reader was and what they noted; the run
//! follows it as it is saved. The page packs that and writes it behind `#/run/1.`; the number is the version of all this.

use super::inspect::{WATCHED_MAX, WORDS_MAX};
use crate::base::Micros;
use crate::base::json::{self, Json};

/// Version of the form, the first part of a packed link.
pub const VERSION: &str = "1";
/// The longest packed link that is read, in characters; unpacked it stays below a thousand times that.
pub const LENGTH_MAX: usize = 16_000;
/// The longest note, in characters.
pub const NOTE_MAX: usize = 2_000;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// The cursor.
    pub at: Micros,
    /// The name of the tab that is open.
    pub tab: String,
    /// The learner's words. Text, never markup.
    pub note: String,
    /// The address of the page that the run comes from.
    pub from: String,
    /// Expressions that are watched.
    pub watch: Vec<String>,
    /// Scenario, seed and commands, as a saved run.
    pub run: String,
}

impl Session {
    pub fn write(&self) -> String {
        let mut text = String::new();
        let word = |text: &str| Json::Text(text.into());
        let fields = [
            ("at_us", Json::Int(self.at.0 as i64)),
            ("tab", word(&self.tab)),
            ("note", word(&self.note)),
            ("from", word(&self.from)),
            ("watch", Json::List(self.watch.iter().map(|watch| word(watch)).collect())),
        ];
        let said = fields.into_iter().filter(|(_, value)| *value != Json::List(Vec::new()));
        Json::Map(said.map(|(name, value)| (name.to_owned(), value)).collect()).write(&mut text);
        text.push('\n');
        text + &self.run
    }

    /// The error says what is wrong with the link.
    pub fn read(text: &str) -> Result<Session, String> {
        let (head, run) = text.split_once('\n').ok_or_else(damaged)?;
        let mut fields = json::read(head).and_then(Json::fields).map_err(|_| damaged())?;
        let mut word = |name: &str| fields.take(name).and_then(Json::text).map_err(|_| damaged());
        let (tab, note, from) = (word("tab")?, word("note")?, word("from")?);
        let watch = match fields.take("watch") {
            Ok(Json::List(list)) => {
                list.into_iter().map(Json::text).collect::<Result<_, _>>().map_err(|_| damaged())?
            }
            Ok(_) => return Err(damaged()),
            // Earlier links have none.
            Err(_) => Vec::new(),
        };
        let at = match fields.take("at_us") {
            Ok(Json::Int(at)) if at >= 0 => Micros(at as u64),
            _ => return Err(damaged()),
        };
        if note.chars().count() > NOTE_MAX {
            return Err(format!("This link's note is longer than {NOTE_MAX} characters."));
        }
        if watch.len() > WATCHED_MAX || watch.iter().any(|words: &String| words.len() > WORDS_MAX) {
            return Err(damaged());
        }
        Ok(Session { at, tab, note, from, watch, run: run.to_owned() })
    }
}

/// The packed part of a link's address, if this version can read it.
pub fn packed(address: &str) -> Result<&str, String> {
    let (version, packed) = address.split_once('.').ok_or_else(damaged)?;
    if version != VERSION {
        return Err("This link was made by another version of Faultline. Reload the page to get the newest.".into());
    }
    if packed.len() > LENGTH_MAX {
        return Err(format!("This link is longer than {LENGTH_MAX} characters: ask for the run as a file."));
    }
    Ok(packed)
}

pub fn damaged() -> String {
    "This link is damaged: some of it is missing or was changed on the way. Ask for it again, or for the run as a file."
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_read_back() {
        let session = Session {
            at: Micros::ms(12),
            tab: "log".into(),
            note: "Look: <b>here</b>\n\"twice\"".into(),
            from: "#/lesson/x/1".into(),
            watch: vec!["n1.term".into(), "max(term) - \"x\"".into()],
            run: "{\n  \"version\": 1\n}".into(),
        };
        assert_eq!(Session::read(&session.write()), Ok(session.clone()));
        let long = Session { note: "x".repeat(NOTE_MAX + 1), ..session.clone() };
        assert!(Session::read(&long.write()).is_err_and(|why| why.contains("longer than 2000")));
        for watch in [vec!["x".into(); WATCHED_MAX + 1], vec!["x".repeat(WORDS_MAX + 1)]] {
            assert_eq!(Session::read(&Session { watch, ..session.clone() }.write()), Err(damaged()));
        }
        // Links of before there were expressions read as ever.
        let none = Session { watch: Vec::new(), ..session };
        assert!(!none.write().contains("watch"));
        assert_eq!(Session::read(&none.write()), Ok(none));
    }

    #[test]
    fn what_is_no_link_says_so() {
        for text in [
            "",
            "{}",
            "{}\n",
            "{\"at_us\":1,\"tab\":\"\",\"note\":\"\",\"from\":\"\",\"watch\":[1]}\n{}",
            "{\"at_us\":-1,\"tab\":\"\",\"note\":\"\",\"from\":\"\"}\n{}",
            "[]\n",
            "\n{}",
        ] {
            assert_eq!(Session::read(text), Err(damaged()), "{text}");
        }
        assert_eq!(packed("1.abc"), Ok("abc"));
        assert_eq!(packed("abc"), Err(damaged()));
        assert!(packed("2.abc").is_err_and(|why| why.contains("another version")));
        assert!(packed(&format!("1.{}", "a".repeat(LENGTH_MAX + 1))).is_err_and(|why| why.contains("as a file")));
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(20_000))]

        #[test]
        fn fuzz_any_link_is_read_or_refused(text in ".{0,200}", cut in 0_usize..400, byte in proptest::num::u8::ANY) {
            let _ = (Session::read(&text), packed(&text));
            let session = Session { note: text.clone(), run: text, ..Session::default() };
            let mut bytes = session.write().into_bytes();
            let cut = cut % bytes.len();
            bytes[cut] = byte;
            let _ = Session::read(&String::from_utf8_lossy(&bytes));
            let _ = Session::read(&String::from_utf8_lossy(&bytes[..cut]));
        }
    }
}
