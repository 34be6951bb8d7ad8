//! The run in the forms of other tools: an engine of its own writes them, which is loaded when somebody asks for one.

use super::engine::{Heard, Link};
use super::lab::Core;
use super::pictures;
use super::state::Action;
use super::storage;
use crate::base::Micros;
use crate::wire::{OpenRun, Reply, Request, RunSource, SourceFile};
use std::rc::Rc;

/// What can be had: the form's name, the file's name and type, and what it is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Form {
    pub form: &'static str,
    pub file: &'static str,
    mime: &'static str,
    pub words: &'static str,
}

const PNG: &str = "image/png";

const fn form(form: &'static str, file: &'static str, mime: &'static str, words: &'static str) -> Form {
    Form { form, file, mime, words }
}

pub const FORMS: [Form; 8] = [
    form("stage", "faultline-stage.png", PNG, "Stage as it is now (PNG)"),
    form("svg", "faultline.png", PNG, "Space-time diagram (PNG)"),
    form("svg", "faultline.svg", "image/svg+xml", "Space-time diagram (SVG)"),
    form("mermaid", "faultline.mmd", "text/plain", "Sequence diagram (Mermaid)"),
    form("jsonl", "faultline.jsonl", "application/jsonl", "Event log (JSON lines)"),
    form("shiviz", "faultline-shiviz.log", "text/plain", "Log for ShiViz"),
    form("csv", "faultline.csv", "text/csv", "Values over time (CSV)"),
    form("otlp", "faultline-traces.json", "application/json", "Traces (OpenTelemetry JSON)"),
];

impl Core {
    /// Writes a saved run, as far as a moment, and gives it to the learner as a file.
    pub fn write(&self, form: Form, run: &str, at: Micros) {
        let dispatch = self.dispatch.clone();
        let saved = move |done: bool| {
            let words =
                if done { format!("Saved as {}.", form.file) } else { "The browser could not paint it.".into() };
            dispatch.dispatch(Action::Toast(words));
        };
        if form.form == "stage" {
            return match self.play.picture() {
                Some(picture) => pictures::save(&picture, form.file, saved),
                None => saved(false),
            };
        }
        let me = self.me.clone();
        let hear = move |heard| {
            let Some(core) = me.upgrade() else { return };
            let words = match heard {
                Heard::Reply(_, Reply::Exported(text)) if form.mime == PNG => {
                    pictures::save_svg(&text, form.file, saved.clone());
                    core.writer.take();
                    return;
                }
                Heard::Reply(_, Reply::Exported(text)) => {
                    storage::download(form.file, form.mime, &text);
                    format!("Saved as {}.", form.file)
                }
                Heard::Reply(_, Reply::Failed(why)) | Heard::Died(why, _) => format!("It could not be written: {why}"),
                Heard::Reply(..) => return,
            };
            core.dispatch.dispatch(Action::Toast(words));
            core.writer.take();
        };
        let link: Rc<Link> = Link::new("exporter", Box::new(hear));
        let source = RunSource::Text(SourceFile { name: "the run".into(), text: run.into() });
        link.send(Request::Open(OpenRun { source, seed: None, cursor: Some(at) }));
        link.send(Request::Write { form: form.form.into() });
        *self.writer.borrow_mut() = Some(link);
    }
}
