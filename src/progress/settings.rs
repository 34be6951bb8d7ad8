//! What the learner set for the whole page: keys of their own, and how much is spoken. Kept beside the progress, versioned
//! and read as strictly: a text that cannot be read is set aside.

use crate::base::json::{self, Json};

pub const VERSION: u32 = 1;
/// The key in local storage.
pub const KEY: &str = "faultline.settings";
pub const ASIDE_KEY: &str = "faultline.settings.aside";
/// More keys than the table has are not read.
const KEYS_MAX: usize = 500;
const KEY_LENGTH_MAX: usize = 40;

/// What a screen reader is told of the run as one steps through it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spoken {
    #[default]
    All,
    /// Only what stands out: faults, losses, operations, notes.
    Loud,
    Nothing,
}

pub const SPOKEN: [(Spoken, &str); 3] = [(Spoken::All, "all"), (Spoken::Loud, "loud"), (Spoken::Nothing, "nothing")];

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Keys of the learner's own, by the names of the table of keys.
    pub keys: Vec<(String, String)>,
    pub spoken: Spoken,
}

impl Settings {
    /// The error is a sentence; the caller sets the text aside.
    pub fn read(text: &str) -> Result<Settings, String> {
        let wrong = |error: String| format!("the saved keys cannot be read ({error})");
        let mut fields = json::read(text).and_then(Json::fields).map_err(wrong)?;
        let version = fields.number::<u32>("version").map_err(wrong)?;
        if version != VERSION {
            return Err(format!("the saved keys are of version {version}; this page knows {VERSION}"));
        }
        let spoken = fields.text("spoken").map_err(wrong)?;
        let spoken = SPOKEN.iter().find(|(_, name)| *name == spoken).map(|(spoken, _)| *spoken);
        let spoken = spoken.ok_or_else(|| wrong("\"spoken\" is not known".into()))?;
        let list = fields.take("keys").and_then(Json::fields).map_err(wrong)?.rest();
        let mut keys = Vec::new();
        for (name, key) in list {
            let key = key.text().map_err(wrong)?;
            if keys.len() >= KEYS_MAX || key.is_empty() || key.len() > KEY_LENGTH_MAX {
                return Err(wrong(format!("\"{name}\" has no such key")));
            }
            keys.push((name, key));
        }
        fields.done().map_err(wrong)?;
        Ok(Settings { keys, spoken })
    }

    pub fn to_text(&self) -> String {
        let word = |text: &str| Json::Text(text.into());
        let spoken = SPOKEN.iter().find(|(spoken, _)| *spoken == self.spoken).map_or("all", |(_, name)| *name);
        let keys = self.keys.iter().map(|(name, key)| (name.clone(), word(key))).collect();
        let fields = [("version", Json::Int(VERSION.into())), ("spoken", word(spoken)), ("keys", Json::Map(keys))];
        let mut out = String::new();
        Json::Map(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()).write(&mut out);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The form as it lies in learners' browsers.
    #[test]
    fn the_version_is_pinned() {
        let pinned = r#"{"version":1,"spoken":"loud","keys":{"crash":"w","play":"\""}}"#;
        let keys = vec![("crash".into(), "w".into()), ("play".into(), "\"".into())];
        let settings = Settings { keys, spoken: Spoken::Loud };
        assert_eq!(Settings::read(pinned), Ok(settings.clone()));
        assert_eq!(settings.to_text(), pinned);
        assert_eq!(Settings::read(&Settings::default().to_text()), Ok(Settings::default()));
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (text, why) in [
            ("", "cannot be read"),
            ("{\"version\":2}", "version 2; this page knows 1"),
            ("{\"version\":1,\"spoken\":\"much\",\"keys\":{}}", "\"spoken\" is not known"),
            ("{\"version\":1,\"spoken\":\"all\",\"keys\":{\"a\":\"\"}}", "has no such key"),
            ("{\"version\":1,\"spoken\":\"all\",\"keys\":{},\"x\":1}", "cannot be read"),
        ] {
            let refused = Settings::read(text).expect_err(text);
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }
}
