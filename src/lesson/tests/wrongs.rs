//! Each mistake in a condition or a goal is told with its line and with what would be accepted.

use super::super::finding::{Finding, read_toml};
use super::super::format::GoalFile;
use super::super::goal::Goal;
use super::opened;
use crate::lesson::spanned::Spanned;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Goals {
    goal: Vec<Spanned<GoalFile>>,
}

/// The complaint about a goal whose rule begins at line 6.
fn complaint(rule: &str) -> Finding {
    let text = format!("[[goal]]\nid = \"g\"\n\ntitle = \"t\"\nmet = \"m\"\n{rule}\n");
    let file: Goals = match read_toml("lesson.toml", &text) {
        Ok(file) => file,
        Err(finding) => return finding,
    };
    let (span, message) = Goal::compile(&file.goal[0], &opened()).expect_err(rule);
    Finding::at("lesson.toml", &text, span, message)
}

#[test]
fn mistakes_name_their_line_and_what_is_accepted() {
    for (rule, line, part) in [
        ("eventualy = { nodes = \"up\" }", 6, "expected one of \"id\", \"title\""),
        ("eventually = { evnt = \"crash\" }", 6, "unknown field \"evnt\""),
        ("\neventually = { event = \"crush\" }", 7, "expected one of \"boot\""),
        ("eventually = { event = \"complete\", outcome = \"good\" }", 6, "\"ok\", \"fail\", \"unknown\""),
        ("eventually = { nodes = \"dead\" }", 6, "\"up\", \"down\", \"paused\""),
        ("eventually = {}", 6, "no subject"),
        ("eventually = { event = \"crash\", nodes = \"up\" }", 6, "this one has event and nodes"),
        (
            "eventually = { event = \"crash\", on = \"n9\" }",
            6,
            "accepted: r1, r2, r3, c, replica, zone=a, zone=b, client",
        ),
        (
            "eventually = { event = \"crash\", outcome = \"ok\" }",
            6,
            "\"outcome\" has no meaning here; accepted: on, is",
        ),
        ("eventually = { event = \"send\", message = \"vote\" }", 6, "accepted: ask, answer"),
        ("eventually = { event = \"complete\", function = \"cas\" }", 6, "accepted: get, put"),
        ("eventually = { event = \"crash\", at_least = \"two\" }", 6, "a whole number"),
        ("eventually = { event = \"crash\", at_least = -2 }", 6, "a whole number"),
        ("eventually = { probe = \"term\" }", 6, "is, at_least, at_most"),
        ("eventually = { probe = \"term\", on = \"replica\", is = 1, count = 4 }", 6, "from 1 to 3"),
        ("eventually = { measure = \"ops.good\", is = 1 }", 6, "accepted: ops.begun"),
        ("eventually = { measure = \"ops.ok\" }", 6, "is, at_least, at_most"),
        ("eventually = { measure = \"ops.latency_p50\", at_most = 20 }", 6, "a time such as"),
        ("eventually = { measure = \"ops.latency_p50\", at_most = \"20\" }", 6, "not a time"),
        ("eventually = { measure = \"ops.availability\", at_least = 99 }", 6, "a percentage such as"),
        ("eventually = { measure = \"messages.sent\", function = \"put\", is = 1 }", 6, "belong to no function"),
        ("eventually = { choice = \"replicas\", is = \"3\" }", 6, "unknown choice"),
        ("eventually = { all = [] }", 6, "at least one"),
        (
            "eventually = { all = [\n{ nodes = \"up\" },\n{ nodes = \"up\", text = \"x\" }] }",
            8,
            "\"text\" has no meaning",
        ),
        ("within = \"5\"\neventually = { nodes = \"up\" }", 6, "not a time"),
        ("eventually = { nodes = \"up\" }\nwithin = \"5s\"", 1, "this goal can be missed"),
        ("after = { nodes = \"up\" }", 1, "a goal has one of"),
        ("always = { nodes = \"up\" }", 1, "a goal has one of"),
        ("until = { nodes = \"up\" }", 1, "a goal has one of"),
        ("eventually = { nodes = \"up\" }\nuntil = { nodes = \"up\" }", 1, "a goal has one of"),
    ] {
        let finding = complaint(rule);
        assert_eq!(finding.line, Some(line), "{rule}: {finding}");
        assert!(finding.message.contains(part), "{rule}: {finding}");
    }
}
