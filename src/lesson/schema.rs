//! The lesson's files as JSON Schema, made from the types that read them: what `faultline lessons schema` prints, for
//! editors. What a schema cannot say (that a scenario exists, that a goal can be met) the check does.

use super::condition::Scalar;
use super::format::{LessonFile, SolutionFile};
use crate::base::Micros;
use crate::sim::params::ParamValue;
use crate::sim::scenario::LogEntry;
use crate::wire::{NodeStatus, Outcome, RowKind};
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde::de::DeserializeOwned;
use std::borrow::Cow;

/// Of `lesson.toml`.
pub fn lesson() -> String {
    written(generator().into_root_schema_for::<LessonFile>())
}

/// Of `solution.toml`.
pub fn solution() -> String {
    written(generator().into_root_schema_for::<SolutionFile>())
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().into_generator()
}

fn written(schema: Schema) -> String {
    serde_json::to_string_pretty(&schema).expect("a schema is plain data") + "\n"
}

/// The names that a type of words accepts: as the reader says them itself when it is given another one.
fn words<T: DeserializeOwned>() -> Vec<String> {
    let refused = serde_json::from_str::<T>("\"\"").err().map(|error| error.to_string()).unwrap_or_default();
    refused.split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

macro_rules! schema_of {
    ($type:ty, $name:literal, $schema:expr) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

schema_of!(
    Micros,
    "Time",
    json_schema!({ "type": "string", "pattern": "^[0-9.]+(us|ms|s|min|h)?$", "description": "A time with its unit: \"250ms\", \"2s\"." })
);
schema_of!(ParamValue, "ParameterValue", json_schema!({ "type": ["boolean", "integer", "string"] }));
schema_of!(Scalar, "Scalar", json_schema!({ "type": ["boolean", "number", "string"] }));
schema_of!(RowKind, "EventKind", json_schema!({ "type": "string", "enum": words::<RowKind>() }));
schema_of!(NodeStatus, "NodeStatus", json_schema!({ "type": "string", "enum": words::<NodeStatus>() }));
schema_of!(Outcome, "Outcome", json_schema!({ "type": "string", "enum": words::<Outcome>() }));
schema_of!(
    LogEntry,
    "CommandEntry",
    json_schema!({
        "type": "object",
        "description": "A command and its time, as in a scenario: do.crash.node = \"n1\".",
        "properties": {
            "at": { "type": "string" },
            "after": { "type": "integer" },
            "spread": { "type": "string" },
            "do": { "type": ["object", "string"] },
        },
        "required": ["at", "do"],
    })
);

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn the_words_are_those_of_the_reader() {
        assert_eq!(words::<NodeStatus>(), ["up", "down", "paused"]);
        assert!(words::<RowKind>().len() > 10 && words::<Outcome>().contains(&"ok".to_owned()));
    }

    /// What stands in a file has its place in the schema; the first that has not.
    fn stray(schema: &Value, root: &Value, value: &Value, path: &str) -> Option<String> {
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            return stray(root.pointer(&name[1..])?, root, value, path);
        }
        if let Some(ways) = schema.get("anyOf").and_then(Value::as_array) {
            let found: Vec<Option<String>> = ways.iter().map(|way| stray(way, root, value, path)).collect();
            return if found.iter().any(Option::is_none) { None } else { found.into_iter().flatten().next() };
        }
        if schema.get("type").is_some_and(|kind| kind == "null") && !value.is_null() {
            return Some(format!("{path}: {value} is not nothing"));
        }
        if let Some(words) = schema.get("enum").and_then(Value::as_array)
            && !words.contains(value)
        {
            return Some(format!("{path}: {value} is none of the words"));
        }
        match value {
            Value::Object(fields) => {
                let known = schema.get("properties").and_then(Value::as_object);
                let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
                fields.iter().find_map(|(name, value)| {
                    let path = format!("{path}.{name}");
                    match known.and_then(|known| known.get(name)) {
                        Some(schema) => stray(schema, root, value, &path),
                        None if closed => Some(path),
                        None => stray(schema.get("additionalProperties")?, root, value, &path),
                    }
                })
            }
            Value::Array(items) => items
                .iter()
                .enumerate()
                .find_map(|(i, item)| stray(schema.get("items")?, root, item, &format!("{path}[{i}]"))),
            _ => None,
        }
    }

    #[test]
    fn the_lessons_fit_their_schema() {
        let schemas: [Value; 2] = [lesson(), solution()].map(|text| serde_json::from_str(&text).expect("JSON"));
        let read = |text: &str| toml::from_str::<Value>(text).expect("TOML");
        for (lesson, solution) in [
            (
                include_str!("../../lessons/one-machine/lesson.toml"),
                include_str!("../../lessons/one-machine/solution.toml"),
            ),
            (include_str!("../../lessons/cap/lesson.toml"), include_str!("../../lessons/cap/solution.toml")),
            (
                include_str!("../../lessons/leader-dies/lesson.toml"),
                include_str!("../../lessons/leader-dies/solution.toml"),
            ),
        ] {
            assert_eq!(stray(&schemas[0], &schemas[0], &read(lesson), ""), None);
            assert_eq!(stray(&schemas[1], &schemas[1], &read(solution), ""), None);
        }
        let wrong = include_str!("../../lessons/one-machine/lesson.toml").replacen("minutes", "minuets", 1);
        assert_eq!(stray(&schemas[0], &schemas[0], &read(&wrong), "").as_deref(), Some(".minuets"));
        let wrong = include_str!("../../lessons/one-machine/lesson.toml").replacen(
            "event = \"complete\"",
            "event = \"finished\"",
            1,
        );
        let found = stray(&schemas[0], &schemas[0], &read(&wrong), "").expect("it is found");
        assert!(found.contains("\"finished\" is none of the words"), "{found}");
        assert!(schemas[0]["required"].as_array().expect("a list").contains(&Value::from("slug")));
    }
}
