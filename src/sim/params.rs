//! Parameters of protocols: declared with unit, range, default and meaning; read from scenarios; planted bugs included.

use crate::base::Micros;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A value as a scenario writes it: `true`, `3`, `"250ms"`, `"lease"`.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamValue {
    Flag(bool),
    Int(i64),
    Text(String),
}

/// The same, as a person writes it and as bytes: an encoding that does not describe itself needs the kind.
mod form {
    use super::{Deserialize, ParamValue, Serialize};
    use serde::{Deserializer, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged, expecting = "true, false, a whole number, or a text")]
    enum Written {
        Flag(bool),
        Int(i64),
        Text(String),
    }

    #[derive(Serialize, Deserialize)]
    enum Encoded {
        Flag(bool),
        Int(i64),
        Text(String),
    }

    macro_rules! both_ways {
        ($form:ident) => {
            impl From<ParamValue> for $form {
                fn from(value: ParamValue) -> Self {
                    match value {
                        ParamValue::Flag(flag) => $form::Flag(flag),
                        ParamValue::Int(n) => $form::Int(n),
                        ParamValue::Text(text) => $form::Text(text),
                    }
                }
            }
            impl From<$form> for ParamValue {
                fn from(value: $form) -> Self {
                    match value {
                        $form::Flag(flag) => ParamValue::Flag(flag),
                        $form::Int(n) => ParamValue::Int(n),
                        $form::Text(text) => ParamValue::Text(text),
                    }
                }
            }
        };
    }
    both_ways!(Written);
    both_ways!(Encoded);

    impl Serialize for ParamValue {
        fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
            if s.is_human_readable() {
                Written::from(self.clone()).serialize(s)
            } else {
                Encoded::from(self.clone()).serialize(s)
            }
        }
    }

    impl<'de> Deserialize<'de> for ParamValue {
        fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
            if d.is_human_readable() {
                Written::deserialize(d).map(ParamValue::from)
            } else {
                Encoded::deserialize(d).map(ParamValue::from)
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct ParamSpec {
    pub name: &'static str,
    pub meaning: &'static str,
    pub kind: ParamKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ParamKind {
    Time {
        default: Micros,
        min: Micros,
        max: Micros,
    },
    Int {
        default: i64,
        min: i64,
        max: i64,
        unit: &'static str,
    },
    Flag {
        default: bool,
    },
    Word {
        default: &'static str,
        among: &'static [&'static str],
    },
    /// A planted bug: off by default, shown in red when on.
    Bug,
}

/// Values that were checked against their specifications; every parameter has one.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Params(Vec<(&'static str, ParamValue)>);

impl ParamSpec {
    pub fn time(name: &'static str, meaning: &'static str, default: Micros, min: Micros, max: Micros) -> ParamSpec {
        ParamSpec { name, meaning, kind: ParamKind::Time { default, min, max } }
    }

    pub fn bug(name: &'static str, meaning: &'static str) -> ParamSpec {
        ParamSpec { name, meaning, kind: ParamKind::Bug }
    }

    pub fn default_value(&self) -> ParamValue {
        match &self.kind {
            ParamKind::Time { default, .. } => ParamValue::Text(default.to_string()),
            ParamKind::Int { default, .. } => ParamValue::Int(*default),
            ParamKind::Flag { default } => ParamValue::Flag(*default),
            ParamKind::Word { default, .. } => ParamValue::Text((*default).into()),
            ParamKind::Bug => ParamValue::Flag(false),
        }
    }

    /// Unit, range and default in words.
    pub fn accepts(&self) -> String {
        match &self.kind {
            ParamKind::Time { min, max, .. } => format!("a time from {min} to {max}"),
            ParamKind::Int { min, max, unit, .. } => format!("a whole number from {min} to {max} {unit}"),
            ParamKind::Flag { .. } => "true or false".into(),
            ParamKind::Word { among, .. } => format!("one of \"{}\"", among.join("\", \"")),
            ParamKind::Bug => "true or false (a planted bug)".into(),
        }
    }

    fn admits(&self, value: &ParamValue) -> bool {
        match (&self.kind, value) {
            (ParamKind::Time { min, max, .. }, ParamValue::Text(text)) => {
                Micros::parse(text).is_ok_and(|t| *min <= t && t <= *max)
            }
            (ParamKind::Int { min, max, .. }, ParamValue::Int(n)) => min <= n && n <= max,
            (ParamKind::Flag { .. } | ParamKind::Bug, ParamValue::Flag(_)) => true,
            (ParamKind::Word { among, .. }, ParamValue::Text(word)) => among.contains(&word.as_str()),
            _ => false,
        }
    }
}

impl Params {
    /// Checks `given` against `specs`. The error names the parameter first, so that its line can be found.
    pub fn check(specs: &[ParamSpec], given: &BTreeMap<String, ParamValue>) -> Result<Params, (String, String)> {
        if let Some(name) = given.keys().find(|name| specs.iter().all(|s| s.name != *name)) {
            let names: Vec<_> = specs.iter().map(|s| s.name).collect();
            return Err((name.clone(), format!("unknown parameter \"{name}\"; accepted: {}", names.join(", "))));
        }
        let mut params = Params::default();
        for spec in specs {
            let value = given.get(spec.name).cloned().unwrap_or_else(|| spec.default_value());
            if !spec.admits(&value) {
                let shown = match value {
                    ParamValue::Flag(flag) => flag.to_string(),
                    ParamValue::Int(n) => n.to_string(),
                    ParamValue::Text(text) => format!("\"{text}\""),
                };
                return Err((spec.name.into(), format!("{} = {shown} is not {}", spec.name, spec.accepts())));
            }
            params.0.push((spec.name, value));
        }
        Ok(params)
    }

    fn checked(&self, name: &str) -> &ParamValue {
        self.get(name).unwrap_or_else(|| panic!("{name} is no parameter of this protocol"))
    }

    pub fn time(&self, name: &str) -> Micros {
        match self.checked(name) {
            ParamValue::Text(text) => Micros::parse(text).unwrap_or_else(|_| panic!("{name} was not checked")),
            _ => panic!("{name} is not a time"),
        }
    }

    pub fn int(&self, name: &str) -> i64 {
        match self.checked(name) {
            ParamValue::Int(n) => *n,
            _ => panic!("{name} is not a number"),
        }
    }

    pub fn flag(&self, name: &str) -> bool {
        *self.checked(name) == ParamValue::Flag(true)
    }

    pub fn word(&self, name: &str) -> &str {
        match self.checked(name) {
            ParamValue::Text(text) => text,
            _ => panic!("{name} is not a word"),
        }
    }

    pub fn get(&self, name: &str) -> Option<&ParamValue> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}
