//! `faultline protocols`.

use super::print;
use crate::protocols;
use crate::sim::params::{ParamKind, ParamValue};
use std::fmt::Write;
use std::process::ExitCode;

/// Every protocol with roles, messages, properties, functions and parameters. Writing to a string cannot fail.
pub fn list() -> Result<ExitCode, String> {
    let mut text = String::new();
    for entry in protocols::all() {
        let protocol = (entry.describe)();
        let _ = writeln!(text, "{}: {}", protocol.name, protocol.summary);
        let _ = writeln!(text, "  roles");
        for role in &protocol.roles {
            let _ = writeln!(text, "    {:<24}{}", role.name, role.meaning);
        }
        let functions: Vec<_> =
            protocol.functions.iter().chain(&protocol.administration).map(|f| f.f.as_str()).collect();
        let _ = writeln!(text, "  functions             {}", functions.join(", "));
        let messages: Vec<_> = protocol.messages.iter().map(|(name, _)| *name).collect();
        let _ = writeln!(text, "  messages              {}", messages.join(", "));
        let _ = writeln!(text, "  timers                {}", protocol.timers.join(", "));
        let _ = writeln!(text, "  properties");
        for (name, statement) in &protocol.properties {
            let _ = writeln!(text, "    {name}: {statement}");
        }
        let _ = writeln!(text, "  parameters");
        for spec in &protocol.params {
            let default = match spec.default_value() {
                ParamValue::Text(text) => text,
                ParamValue::Int(n) => n.to_string(),
                ParamValue::Flag(on) => on.to_string(),
            };
            let note = if spec.kind == ParamKind::Bug { "" } else { ", default " };
            let default = if note.is_empty() { String::new() } else { format!("{note}{default}") };
            let _ = writeln!(text, "    {:<30} {} ({}{default})", spec.name, spec.meaning, spec.accepts());
        }
        text.push('\n');
    }
    print(&text);
    Ok(ExitCode::SUCCESS)
}
