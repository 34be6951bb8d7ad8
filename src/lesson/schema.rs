//! The files of lessons and of design exercises as JSON Schema, made from the types that read them: what `faultline lessons
//! schema` prints, for editors. What a schema cannot say (that a scenario exists, that a goal can be met) the check does.

use super::condition::Scalar;
use super::exercises::About;
use super::format::{LessonFile, SolutionFile};
use crate::base::Micros;
use crate::load::Design;
use crate::load::exercise::Task;
use crate::sim::params::ParamValue;
use crate::sim::scenario::LogEntry;
use crate::wire::{NodeStatus, Outcome, RowKind};
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::borrow::Cow;

/// Of `lesson.toml`.
pub fn lesson() -> String {
    written(generator().into_root_schema_for::<LessonFile>())
}

/// Of `solution.toml`.
pub fn solution() -> String {
    written(generator().into_root_schema_for::<SolutionFile>())
}

/// Of a design as `faultline design` runs it.
pub fn design() -> String {
    written(generator().into_root_schema_for::<Design>())
}

/// Of an exercise's `exercise.toml`.
pub fn exercise() -> String {
    written(generator().into_root_schema_for::<Task>())
}

/// Of an exercise's `accepted/*.toml` and `wrong/*.toml`: a design with the table `about`. The version may be left out.
pub fn reference() -> String {
    let mut generator = generator();
    let about = generator.subschema_for::<About>();
    let mut schema = generator.into_root_schema_for::<Design>();
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("about".into(), about.to_value());
    }
    schema.insert("title".into(), "Reference".into());
    schema.insert("required".into(), vec!["about"].into());
    written(schema)
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

    #[test]
    fn the_words_are_those_of_the_reader() {
        assert_eq!(words::<NodeStatus>(), ["up", "down", "paused"]);
        assert!(words::<RowKind>().len() > 10 && words::<Outcome>().contains(&"ok".to_owned()));
    }
}
