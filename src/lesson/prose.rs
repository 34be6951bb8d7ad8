//! Markdown to the page's blocks. A small part of Markdown is accepted, the rest is an error at its line: no HTML, no
//! images, no tables; emphasis is not nested.
//!
//! Links: `[words](term:key)` shows a glossary term, `[words](source:id)` refers to a source (words may be empty),
//! `[words](#/lesson/slug)` goes somewhere in the app. Outside addresses stand with the sources only.

use super::finding::Finding;
use crate::wire::{Block, Inline};
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use std::ops::Range;

/// A part of `prose.md`: the words of its `##` heading, where it stands, and what follows.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    pub name: String,
    /// The line of the heading.
    pub line: u32,
    pub blocks: Vec<Block>,
}

/// Reads a file of `## name` sections.
pub fn sections(file: &str, text: &str) -> Result<Vec<Section>, Vec<Finding>> {
    let mut reader = Reader::new(file, text, 0);
    for (event, span) in Parser::new_ext(text, Options::empty()).into_offset_iter() {
        reader.take(event, span, true);
    }
    if reader.findings.is_empty() { Ok(reader.sections) } else { Err(reader.findings) }
}

/// Reads one line of text: a question, a hint, an omission. `offset` is where it stands in `whole`, for errors.
pub fn inlines(file: &str, whole: &str, offset: usize, text: &str) -> Result<Vec<Inline>, Vec<Finding>> {
    let mut reader = Reader::new(file, whole, offset);
    reader.sections.push(Section { name: String::new(), line: 0, blocks: Vec::new() });
    for (event, span) in Parser::new_ext(text, Options::empty()).into_offset_iter() {
        reader.take(event, span, false);
    }
    if !reader.findings.is_empty() {
        return Err(reader.findings);
    }
    match reader.sections.pop().map(|s| s.blocks).as_deref() {
        Some([Block::Paragraph(inlines)]) => Ok(inlines.clone()),
        Some([]) => Ok(Vec::new()),
        _ => {
            let message = "this text must be one paragraph, without lists or headings";
            Err(vec![Finding::at(file, whole, offset..offset, message)])
        }
    }
}

/// The words of a text as a reader counts them.
pub fn words(inlines: &[Inline]) -> usize {
    inlines.iter().map(text_of).collect::<String>().split_whitespace().count()
}

/// Words in blocks.
pub fn words_in(blocks: &[Block]) -> usize {
    let count = |block: &Block| match block {
        Block::Paragraph(inlines) | Block::Heading(inlines) | Block::Quote(inlines) => words(inlines),
        Block::List { items, .. } => items.iter().map(|item| words(item)).sum(),
        Block::Code(code) => code.split_whitespace().count(),
    };
    blocks.iter().map(count).sum()
}

/// The words shown.
pub fn text_of(inline: &Inline) -> &str {
    match inline {
        Inline::Text(t) | Inline::Strong(t) | Inline::Emphasis(t) | Inline::Code(t) => t,
        Inline::Term(t, _) | Inline::Link(t, _) => t,
        Inline::Source(_) => "",
    }
}

/// Calls `visit` with every inline of some blocks, to be changed.
pub fn each_inline(blocks: &mut [Block], visit: &mut dyn FnMut(&mut Inline)) {
    for block in blocks {
        match block {
            Block::Paragraph(inlines) | Block::Heading(inlines) | Block::Quote(inlines) => {
                inlines.iter_mut().for_each(&mut *visit);
            }
            Block::List { items, .. } => items.iter_mut().flatten().for_each(&mut *visit),
            Block::Code(_) => {}
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Plain,
    Strong,
    Emphasis,
}

/// Where inlines go when their block ends.
#[derive(Clone, Copy, PartialEq)]
enum Within {
    Paragraph,
    Quote,
    Item,
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    offset: usize,
    sections: Vec<Section>,
    findings: Vec<Finding>,
    inlines: Vec<Inline>,
    style: Style,
    link: Option<(String, String)>,
    within: Within,
    list: Option<(bool, Vec<Vec<Inline>>)>,
    code: Option<String>,
    heading: Option<(HeadingLevel, usize)>,
}

impl<'a> Reader<'a> {
    fn new(file: &'a str, text: &'a str, offset: usize) -> Reader<'a> {
        Reader {
            file,
            text,
            offset,
            sections: Vec::new(),
            findings: Vec::new(),
            inlines: Vec::new(),
            style: Style::Plain,
            link: None,
            within: Within::Paragraph,
            list: None,
            code: None,
            heading: None,
        }
    }

    fn wrong(&mut self, span: Range<usize>, message: &str) {
        let place = self.offset + span.start;
        self.findings.push(Finding::at(self.file, self.text, place..place, message));
    }

    fn take(&mut self, event: Event<'_>, span: Range<usize>, sectioned: bool) {
        match event {
            Event::Start(tag) => self.start(tag, span),
            Event::End(tag) => self.end(tag, span, sectioned),
            Event::Text(text) => match &mut self.code {
                Some(code) => code.push_str(&text),
                None => self.words(&text),
            },
            Event::Code(code) => self.inlines.push(Inline::Code(code.to_string())),
            Event::SoftBreak => self.words(" "),
            Event::HardBreak => self.wrong(span, "a forced line break is not accepted; begin a new paragraph"),
            Event::Rule => self.wrong(span, "a horizontal rule is not accepted; use a heading"),
            Event::Html(_) | Event::InlineHtml(_) => self.wrong(span, "HTML is not accepted; write Markdown"),
            _ => self.wrong(span, NOT_ACCEPTED),
        }
    }

    fn words(&mut self, text: &str) {
        if let Some((words, _)) = &mut self.link {
            words.push_str(text);
            return;
        }
        match (self.inlines.last_mut(), self.style) {
            (Some(Inline::Text(last)), Style::Plain) => last.push_str(text),
            (Some(Inline::Strong(last)), Style::Strong) => last.push_str(text),
            (Some(Inline::Emphasis(last)), Style::Emphasis) => last.push_str(text),
            (_, Style::Plain) => self.inlines.push(Inline::Text(text.into())),
            (_, Style::Strong) => self.inlines.push(Inline::Strong(text.into())),
            (_, Style::Emphasis) => self.inlines.push(Inline::Emphasis(text.into())),
        }
    }

    fn start(&mut self, tag: Tag<'_>, span: Range<usize>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => {}
            Tag::Heading { level, .. } => self.heading = Some((level, span.start)),
            Tag::BlockQuote(_) => self.within = Within::Quote,
            Tag::CodeBlock(_) => self.code = Some(String::new()),
            Tag::List(start) if self.list.is_none() => {
                self.list = Some((start.is_some(), Vec::new()));
                self.within = Within::Item;
            }
            Tag::List(_) => self.wrong(span, "a list within a list is not accepted"),
            Tag::Item => {}
            Tag::Strong | Tag::Emphasis if self.style != Style::Plain || self.link.is_some() => {
                self.wrong(span, "emphasis within emphasis or a link is not accepted");
            }
            Tag::Strong => self.begin_style(Style::Strong),
            Tag::Emphasis => self.begin_style(Style::Emphasis),
            Tag::Link { dest_url, .. } => self.link = Some((String::new(), dest_url.to_string())),
            _ => self.wrong(span, NOT_ACCEPTED),
        }
    }

    fn begin_style(&mut self, style: Style) {
        self.style = style;
        // A new run of words, even right behind one of the same style.
        let empty = String::new();
        self.inlines.push(if style == Style::Strong { Inline::Strong(empty) } else { Inline::Emphasis(empty) });
    }

    fn end(&mut self, tag: TagEnd, span: Range<usize>, sectioned: bool) {
        match tag {
            TagEnd::Strong | TagEnd::Emphasis => self.style = Style::Plain,
            TagEnd::Link => self.end_link(span),
            TagEnd::Heading(_) => self.end_heading(span, sectioned),
            TagEnd::Paragraph => match self.within {
                Within::Paragraph => {
                    let inlines = self.finished();
                    self.put(Block::Paragraph(inlines), span);
                }
                Within::Quote => {
                    let inlines = self.finished();
                    self.put(Block::Quote(inlines), span);
                }
                Within::Item => {}
            },
            TagEnd::BlockQuote(_) => self.within = Within::Paragraph,
            TagEnd::Item => {
                let inlines = self.finished();
                if let Some((_, items)) = &mut self.list {
                    items.push(inlines);
                }
            }
            TagEnd::List(_) => {
                self.within = Within::Paragraph;
                if let Some((ordered, items)) = self.list.take() {
                    self.put(Block::List { ordered, items }, span);
                }
            }
            TagEnd::CodeBlock => {
                let code = self.code.take().unwrap_or_default();
                self.put(Block::Code(code), span);
            }
            _ => {}
        }
    }

    /// The inlines of a finished block.
    fn finished(&mut self) -> Vec<Inline> {
        std::mem::take(&mut self.inlines)
    }

    fn end_link(&mut self, span: Range<usize>) {
        let Some((words, target)) = self.link.take() else { return };
        if let Some(key) = target.strip_prefix("term:") {
            self.inlines.push(Inline::Term(words, key.into()));
        } else if let Some(id) = target.strip_prefix("source:") {
            self.words(&words);
            self.inlines.push(Inline::Source(id.into()));
        } else if target.starts_with("#/") {
            self.inlines.push(Inline::Link(words, target));
        } else {
            let message = "a link goes to term:KEY, source:ID or #/…; put an outside address into a [[source]]";
            self.wrong(span, message);
        }
    }

    fn end_heading(&mut self, span: Range<usize>, sectioned: bool) {
        let inlines = self.finished();
        let Some((level, start)) = self.heading.take() else { return };
        match level {
            HeadingLevel::H2 if sectioned => {
                let name: String = inlines.iter().map(text_of).collect();
                let line = super::finding::line_of(self.text, self.offset + start);
                self.sections.push(Section { name, line, blocks: Vec::new() });
            }
            HeadingLevel::H3 => self.put(Block::Heading(inlines), span),
            _ => self.wrong(span, "headings are ## for a step's section and ### within it"),
        }
    }

    fn put(&mut self, block: Block, span: Range<usize>) {
        match self.sections.last_mut() {
            Some(section) => section.blocks.push(block),
            None => self.wrong(span, "text before the first section; begin with \"## \" and a step's id"),
        }
    }
}

const NOT_ACCEPTED: &str =
    "not accepted here; accepted: paragraphs, ### headings, lists, quotes, code, **strong**, *emphasis*, links";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::quote::fill;

    fn text(t: &str) -> Inline {
        Inline::Text(t.into())
    }

    #[test]
    fn markdown_becomes_blocks() {
        let source = "## one\n\nA **bold** and *soft* `put x=4`,\nsee [quorum](term:quorum) [§2](source:abd) [here](#/lesson/a).\n\n\
            ### More\n\n- first\n- second\n\n> said\n\n```\ncode\n```\n\n## two\n\n1. a\n";
        let sections = sections("prose.md", source).unwrap();
        assert_eq!(sections.len(), 2);
        assert_eq!((sections[0].name.as_str(), sections[0].line, sections[1].line), ("one", 1, 17));
        assert_eq!(
            sections[0].blocks,
            [
                Block::Paragraph(vec![
                    text("A "),
                    Inline::Strong("bold".into()),
                    text(" and "),
                    Inline::Emphasis("soft".into()),
                    text(" "),
                    Inline::Code("put x=4".into()),
                    text(", see "),
                    Inline::Term("quorum".into(), "quorum".into()),
                    text(" §2"),
                    Inline::Source("abd".into()),
                    text(" "),
                    Inline::Link("here".into(), "#/lesson/a".into()),
                    text("."),
                ]),
                Block::Heading(vec![text("More")]),
                Block::List { ordered: false, items: vec![vec![text("first")], vec![text("second")]] },
                Block::Quote(vec![text("said")]),
                Block::Code("code\n".into()),
            ]
        );
        assert_eq!(sections[1].blocks, [Block::List { ordered: true, items: vec![vec![text("a")]] }]);
        assert_eq!(words_in(&sections[0].blocks), 15);
    }

    #[test]
    fn what_is_not_accepted_names_its_line() {
        for (source, line, part) in [
            ("## a\n\nx <b>y</b>\n", 3, "HTML is not accepted"),
            ("## a\n\n\n<div>\n</div>\n", 4, "HTML is not accepted"),
            ("words\n", 1, "before the first section"),
            ("## a\n\n# b\n", 3, "headings are ##"),
            ("## a\n\nx\n\n[y](https://example.org)\n", 5, "a link goes to term:KEY"),
            ("## a\n\n![y](z.png)\n", 3, "accepted: paragraphs"),
            ("## a\n\n**x *y***\n", 3, "emphasis within emphasis"),
            ("## a\n\n- x\n  - y\n", 4, "a list within a list"),
            ("## a\n\n---\n", 3, "horizontal rule"),
        ] {
            let findings = sections("prose.md", source).unwrap_err();
            assert_eq!(findings[0].line, Some(line), "{source:?}: {findings:?}");
            assert!(findings[0].message.contains(part), "{findings:?}");
        }
        let findings = inlines("lesson.toml", "a\nb\n* c", 4, "* c").unwrap_err();
        assert_eq!((findings[0].line, findings[0].message.contains("one paragraph")), (Some(3), true));
    }

    #[test]
    fn placeholders_are_filled() {
        let mut value = |name: &str| if name == "number:a" { Ok("7 ms".into()) } else { Err(format!("no {name}")) };
        assert_eq!(fill("takes {{number:a}}, {{ number:a }}.", &mut value), Ok("takes 7 ms, 7 ms.".into()));
        assert_eq!(fill("{{b}}", &mut value), Err("no b".into()));
        assert!(fill("{{b", &mut value).is_err());
    }
}
