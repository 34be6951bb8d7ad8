//! The run taken elsewhere: as text, as a link, and in the forms of other tools. Those are written by an engine of their
//! own, which is loaded when somebody asks for one.

use super::engine::{Heard, Link};
use super::lab::Core;
use super::pictures;
use super::state::Action;
use super::storage;
use crate::base::Micros;
use crate::view::link::Session;
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

pub const FORMS: [Form; 10] = [
    form("stage", "faultline-stage.png", PNG, "Stage as it is now (PNG)"),
    form("svg", "faultline.png", PNG, "Space-time diagram (PNG)"),
    form("svg", "faultline.svg", "image/svg+xml", "Space-time diagram (SVG)"),
    form("mermaid", "faultline.mmd", "text/plain", "Sequence diagram (Mermaid)"),
    form("jsonl", "faultline.jsonl", "application/jsonl", "Event log (JSON lines)"),
    form("shiviz", "faultline-shiviz.log", "text/plain", "Log for ShiViz"),
    form("csv", "faultline.csv", "text/csv", "Values over time (CSV)"),
    form("history", "faultline-history.jsonl", "application/jsonl", "Operations (Jepsen's JSON lines)"),
    form("edn", "faultline-history.edn", "application/edn", "Operations (EDN)"),
    form("otlp", "faultline-traces.json", "application/json", "Traces (OpenTelemetry JSON)"),
];

/// What a run is taken elsewhere for.
#[derive(Clone, PartialEq, Eq)]
pub enum Share {
    Copy,
    Download,
    Write(Form),
    /// A link with all but the run in it, and whether it is to be embedded.
    Link(Session, bool),
}

impl Core {
    pub fn share(&self, how: Share) {
        self.export(Box::new(move |core, run| core.share_run(how, run)));
    }

    fn share_run(&self, how: Share, run: &str) {
        match how {
            Share::Copy => {
                let dispatch = self.dispatch.clone();
                storage::copy(run, move |done| {
                    let words = if done {
                        "Copied: scenario, seed and commands as text."
                    } else {
                        "The browser did not allow copying; use Download instead."
                    };
                    dispatch.dispatch(Action::Toast(words.into()));
                });
            }
            Share::Download => storage::download("faultline-run.json", storage::JSON, run),
            Share::Write(form) => self.write(form, run, self.play.at()),
            Share::Link(session, embedded) => {
                self.link_to(Session { at: self.play.at(), run: run.to_owned(), ..session }, embedded);
            }
        }
    }

    /// Writes a saved run, as far as a moment, and gives it to the learner as a file.
    fn write(&self, form: Form, run: &str, at: Micros) {
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
        let hear = move |reply: Result<String, String>| {
            let Some(core) = me.upgrade() else { return };
            let words = match reply {
                Ok(text) if form.mime == PNG => return pictures::save_svg(&text, form.file, saved.clone()),
                Ok(text) => {
                    storage::download(form.file, form.mime, &text);
                    format!("Saved as {}.", form.file)
                }
                Err(why) => format!("It could not be written: {why}"),
            };
            core.dispatch.dispatch(Action::Toast(words));
        };
        self.have_written(form.form, run, at, Box::new(hear));
    }

    /// Has a saved run written in a form by an engine of its own, as far as a moment.
    fn have_written(&self, form: &str, run: &str, at: Micros, hear: Box<dyn Fn(Result<String, String>)>) {
        let me = self.me.clone();
        let heard = move |heard| {
            let Some(core) = me.upgrade() else { return };
            match heard {
                Heard::Reply(_, Reply::Exported(text)) => hear(Ok(text)),
                Heard::Reply(_, Reply::Failed(why)) | Heard::Died(why, _) => hear(Err(why)),
                Heard::Reply(..) => return,
            }
            core.writer.take();
        };
        let link: Rc<Link> = Link::new("engine", Box::new(heard));
        let source = RunSource::Text(SourceFile { name: "the run".into(), text: run.into() });
        link.send(Request::Open(OpenRun { source, seed: None, cursor: Some(at) }));
        link.send(Request::Write { form: form.into() });
        *self.writer.borrow_mut() = Some(link);
    }
}
