//! Every key of the page, in one table. What a pressed key does is looked up here, and the list that `?` opens is read from
//! here: no second list can lie. The learner's own keys stand beside the table, by the names of its lines.
//!
//! A key is written as in `KeyboardEvent.key`, in lower case; `ctrl ` before it stands for the control or command key,
//! `shift ` for the shift key where the key has a name of its own ("shift arrowup").

use super::stage::Target;

/// Where a key does something. Of two areas that hold the focus the narrower one has the first say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    Page,
    Bench,
    Alone,
    Node,
    Link,
    Message,
    Diagram,
    /// Nodes on the stage, messages, rows of the log.
    List,
    Stage,
    Present,
}

/// The areas as they are listed.
pub const AREAS: [(Area, &str); 10] = [
    (Area::Page, "Everywhere"),
    (Area::Bench, "On the bench"),
    (Area::Alone, "Nothing selected"),
    (Area::Node, "A node selected"),
    (Area::Link, "A link selected"),
    (Area::Message, "A message selected"),
    (Area::Stage, "On a node of the stage"),
    (Area::List, "In lists: nodes, messages, rows of the log"),
    (Area::Diagram, "In the space-time diagram"),
    (Area::Present, "While presenting"),
];

impl Area {
    pub fn of(selected: Option<Target>) -> Area {
        match selected {
            None => Area::Alone,
            Some(Target::Node(_)) => Area::Node,
            Some(Target::Link(..)) => Area::Link,
            Some(Target::Message(_)) => Area::Message,
        }
    }

    /// Whether one key could mean two things at once. In lists, in the diagram and while presenting the narrower area wins.
    fn meets(self, other: Area) -> bool {
        let wide = |area| matches!(area, Area::Page | Area::Bench);
        let bench = |area| matches!(area, Area::Alone | Area::Node | Area::Link | Area::Message);
        self == other || wide(self) && (wide(other) || bench(other)) || wide(other) && bench(self)
    }
}

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Find,
    Keys,
    Play,
    Forward,
    Back,
    NextInteresting,
    PreviousInteresting,
    Start,
    Head,
    Faster,
    Slower,
    NextMessage,
    PreviousMessage,
    Closer,
    Further,
    Whole,
    Present,
    Clip,
    Share,
    Search,
    Tab(u8),
    Nothing,
    Request,
    Heal,
    Undo,
    AllLinks,
    DeliverOldest,
    Hold,
    Crash,
    Restart,
    Pause,
    Slow,
    Clock,
    CutOff,
    FireTimer,
    Cut,
    CutThere,
    CutBack,
    Clog,
    Shape,
    Drop,
    Delay,
    Duplicate,
    Deliver,
    MoveLeft,
    MoveRight,
    MoveUp,
    MoveDown,
    Next,
    Previous,
    First,
    Last,
    Earlier,
    Later,
    Cause,
    Effect,
    In,
    Out,
    Fit,
    PageEarlier,
    PageLater,
    Compare,
    LetGo,
    NextMark,
    PreviousMark,
    Leave,
    /// The browser does it.
    Platform,
}

/// A line of the table.
pub struct Line {
    pub area: Area,
    pub deed: Deed,
    /// What the learner's own keys are kept under: it never changes.
    pub name: &'static str,
    pub key: &'static str,
    pub words: &'static str,
    /// It is the platform's own way: it stays.
    pub fixed: bool,
}

const fn line(area: Area, deed: Deed, name: &'static str, key: &'static str, words: &'static str) -> Line {
    Line { area, deed, name, key, words, fixed: false }
}

const fn fixed(area: Area, deed: Deed, name: &'static str, key: &'static str, words: &'static str) -> Line {
    Line { area, deed, name, key, words, fixed: true }
}

pub static TABLE: &[Line] = &[
    fixed(Area::Page, Deed::Find, "find", "ctrl k", "Go to, or do: lessons, runs, terms, and all that can be done"),
    line(Area::Page, Deed::Keys, "keys", "?", "This list of keys"),
    line(Area::Bench, Deed::Play, "play", " ", "Play or pause"),
    line(Area::Bench, Deed::Forward, "forward", ".", "Step forward"),
    line(Area::Bench, Deed::Back, "back", ",", "Step back"),
    line(Area::Bench, Deed::NextInteresting, "next", "]", "To the next interesting event"),
    line(Area::Bench, Deed::PreviousInteresting, "previous", "[", "To the previous interesting event"),
    line(Area::Bench, Deed::Start, "start", "{", "To the start of the run"),
    line(Area::Bench, Deed::Head, "now", "}", "To now, the furthest point of the run"),
    line(Area::Bench, Deed::Faster, "faster", ">", "Play faster"),
    line(Area::Bench, Deed::Slower, "slower", "<", "Play slower"),
    line(Area::Bench, Deed::NextMessage, "message", "m", "Select the next message"),
    line(Area::Bench, Deed::PreviousMessage, "message-back", "j", "Select the previous message"),
    line(Area::Bench, Deed::Closer, "closer", "+", "Look closer at the stage"),
    line(Area::Bench, Deed::Further, "further", "-", "Look from further away"),
    line(Area::Bench, Deed::Whole, "whole", "0", "See the whole stage"),
    line(Area::Bench, Deed::Present, "present", "f", "Present: full screen, large labels"),
    line(Area::Bench, Deed::Clip, "clip", "v", "Record a clip of the stage, or end it"),
    line(Area::Bench, Deed::Share, "share", "e", "Share, save, open"),
    line(Area::Bench, Deed::Search, "search", "/", "Search the log or the diagram"),
    line(Area::Bench, Deed::Tab(0), "tab-1", "1", "The first tab"),
    line(Area::Bench, Deed::Tab(1), "tab-2", "2", "The second tab"),
    line(Area::Bench, Deed::Tab(2), "tab-3", "3", "The third tab"),
    line(Area::Bench, Deed::Tab(3), "tab-4", "4", "The fourth tab"),
    line(Area::Bench, Deed::Tab(4), "tab-5", "5", "The fifth tab"),
    line(Area::Bench, Deed::Tab(5), "tab-6", "6", "The sixth tab"),
    line(Area::Bench, Deed::Tab(6), "tab-7", "7", "The seventh tab"),
    line(Area::Bench, Deed::Tab(7), "tab-8", "8", "The eighth tab"),
    line(Area::Bench, Deed::Tab(8), "tab-9", "9", "The ninth tab"),
    line(Area::Bench, Deed::Request, "request", "q", "Send a request"),
    line(Area::Bench, Deed::Heal, "heal", "h", "Heal all cuts"),
    line(Area::Bench, Deed::Undo, "undo", "u", "Take back the last command"),
    fixed(Area::Bench, Deed::Nothing, "nothing", "escape", "Select nothing"),
    line(Area::Alone, Deed::AllLinks, "all-links", "l", "Latency and loss of all links"),
    line(Area::Alone, Deed::DeliverOldest, "deliver-oldest", "n", "By hand: deliver the oldest message"),
    line(Area::Alone, Deed::Hold, "hold", "y", "Hold all messages, or let them go"),
    line(Area::Node, Deed::Crash, "crash", "c", "Crash it"),
    line(Area::Node, Deed::Restart, "restart", "r", "Restart it"),
    line(Area::Node, Deed::Pause, "pause", "p", "Pause it, or let it go on"),
    line(Area::Node, Deed::Slow, "slow", "s", "Slow it down, or back to full speed"),
    line(Area::Node, Deed::Clock, "clock", "k", "Skew its clock, or set it right"),
    line(Area::Node, Deed::CutOff, "cut-off", "x", "Cut it off"),
    line(Area::Node, Deed::FireTimer, "timer", "t", "Fire its next timer"),
    line(Area::Link, Deed::Cut, "cut", "x", "Cut it, or heal the cut"),
    line(Area::Link, Deed::CutThere, "cut-there", "i", "Cut it one way"),
    line(Area::Link, Deed::CutBack, "cut-back", "o", "Cut it the other way"),
    line(Area::Link, Deed::Clog, "clog", "g", "Clog it, or unclog it"),
    line(Area::Link, Deed::Shape, "shape", "l", "Its latency and loss"),
    line(Area::Message, Deed::Drop, "drop", "delete", "Drop it"),
    line(Area::Message, Deed::Delay, "delay", "d", "Delay it"),
    line(Area::Message, Deed::Duplicate, "duplicate", "b", "Duplicate it"),
    line(Area::Message, Deed::Deliver, "deliver", "n", "Deliver it now"),
    fixed(Area::Stage, Deed::MoveLeft, "move-left", "shift arrowleft", "Move the node to the left"),
    fixed(Area::Stage, Deed::MoveRight, "move-right", "shift arrowright", "Move the node to the right"),
    fixed(Area::Stage, Deed::MoveUp, "move-up", "shift arrowup", "Move the node up"),
    fixed(Area::Stage, Deed::MoveDown, "move-down", "shift arrowdown", "Move the node down"),
    fixed(Area::List, Deed::Next, "list-next", "arrowdown", "To the next"),
    fixed(Area::List, Deed::Next, "list-right", "arrowright", "To the next, too"),
    fixed(Area::List, Deed::Previous, "list-previous", "arrowup", "To the previous"),
    fixed(Area::List, Deed::Previous, "list-left", "arrowleft", "To the previous, too"),
    fixed(Area::List, Deed::First, "list-first", "home", "To the first"),
    fixed(Area::List, Deed::Last, "list-last", "end", "To the last"),
    line(Area::Diagram, Deed::Earlier, "event-previous", "arrowleft", "To the previous event of the lane"),
    line(Area::Diagram, Deed::Later, "event-next", "arrowright", "To the next event of the lane"),
    line(Area::Diagram, Deed::Cause, "event-cause", "arrowup", "To its cause at another node"),
    line(Area::Diagram, Deed::Effect, "event-effect", "arrowdown", "To its first effect at another node"),
    line(Area::Diagram, Deed::In, "time-in", "+", "A shorter stretch of time"),
    line(Area::Diagram, Deed::Out, "time-out", "-", "A longer stretch of time"),
    line(Area::Diagram, Deed::Fit, "time-fit", "0", "All of the run"),
    line(Area::Diagram, Deed::PageEarlier, "time-earlier", "pageup", "Earlier"),
    line(Area::Diagram, Deed::PageLater, "time-later", "pagedown", "Later"),
    line(Area::Diagram, Deed::Compare, "compare", "enter", "Compare this event with those walked to from here"),
    fixed(Area::Diagram, Deed::LetGo, "let-go", "escape", "Let the event go"),
    line(Area::Present, Deed::NextMark, "mark-next", "arrowright", "To the next mark: a fault, a note, a goal"),
    line(Area::Present, Deed::NextMark, "mark-down", "pagedown", "To the next mark, as presenters' remotes say it"),
    line(Area::Present, Deed::PreviousMark, "mark-previous", "arrowleft", "To the previous mark"),
    line(Area::Present, Deed::PreviousMark, "mark-up", "pageup", "To the previous mark, as remotes say it"),
    fixed(Area::Present, Deed::Leave, "present-leave", "escape", "Leave"),
    fixed(Area::Page, Deed::Platform, "tab-key", "tab", "To the next thing that can be operated"),
    fixed(Area::Page, Deed::Platform, "tab-key-back", "shift tab", "To the one before"),
    fixed(Area::Node, Deed::Platform, "menu", "enter", "Its menu"),
];

/// A key as the table writes it.
pub fn chord(key: &str, ctrl: bool, shift: bool) -> String {
    let mut chord = String::new();
    if ctrl {
        chord += "ctrl ";
    }
    if shift && key.len() > 1 && key.is_ascii() {
        chord += "shift ";
    }
    match key {
        // The same keys without shift, and on other keyboards.
        "=" => chord.push('+'),
        "Backspace" => chord += "delete",
        key => chord += &key.to_ascii_lowercase(),
    }
    chord
}

/// A key as it is shown.
pub fn shown(chord: &str) -> String {
    let (held, key) = match chord.split_once(' ') {
        Some(("ctrl", key)) => ("Ctrl ", key),
        Some(("shift", key)) => ("Shift ", key),
        _ => ("", chord),
    };
    let mut shown = held.to_owned();
    shown += match key {
        " " => "Space",
        "arrowleft" => "←",
        "arrowright" => "→",
        "arrowup" => "↑",
        "arrowdown" => "↓",
        "pageup" => "Page ↑",
        "pagedown" => "Page ↓",
        "delete" => "Del",
        "escape" => "Esc",
        "-" => "−",
        key => {
            let mut letters = key.chars();
            shown.extend(letters.next().map(|c| c.to_ascii_uppercase()));
            return shown + letters.as_str();
        }
    };
    shown
}

/// The table with the learner's own keys, by the names of its lines.
#[derive(Clone, Copy)]
pub struct Keys<'a>(pub &'a [(String, String)]);

impl Keys<'_> {
    fn own(&self, line: &Line) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == line.name && !line.fixed).map(|(_, key)| key.as_str())
    }

    /// The key of a line.
    pub fn of(&self, line: &Line) -> String {
        self.own(line).unwrap_or(line.key).to_owned()
    }

    /// The first key that does this; empty when none does.
    pub fn key(&self, deed: Deed) -> String {
        TABLE.iter().find(|line| line.deed == deed).map_or_else(String::new, |line| self.of(line))
    }

    /// What a key does in one of these areas. A key that the learner chose goes before one of the table.
    pub fn deed(&self, areas: &[Area], chord: &str) -> Option<Deed> {
        let lines = || TABLE.iter().filter(|line| areas.contains(&line.area));
        let own = lines().find(|line| self.own(line) == Some(chord));
        let own = own.or_else(|| lines().find(|line| self.own(line).is_none() && line.key == chord));
        own.map(|line| line.deed)
    }

    /// The learner's keys with another key for a line. The error is a sentence.
    pub fn changed(&self, line: &Line, chord: &str) -> Result<Vec<(String, String)>, String> {
        let told = shown(chord);
        let browsers = matches!(chord, "tab" | "escape" | "contextmenu" | "dead" | "unidentified" | "process");
        let function = chord.len() > 1 && chord.starts_with('f') && chord[1..].bytes().all(|b| b.is_ascii_digit());
        if line.fixed || browsers || function || chord == "enter" && line.key != "enter" {
            return Err(format!("“{told}” belongs to the browser: choose another key."));
        }
        if chord != " " && chord.contains(' ') {
            return Err("A key alone, please, without Ctrl, Shift or Alt held.".into());
        }
        let taken = TABLE
            .iter()
            .find(|other| other.name != line.name && other.area.meets(line.area) && self.of(other) == chord);
        if let Some(other) = taken {
            let place = AREAS.iter().find(|(area, _)| *area == other.area).map_or("", |(_, words)| *words);
            return Err(format!("“{told}” is taken by “{}” ({place}): give that another key first.", other.words));
        }
        let mut own: Vec<(String, String)> = self.0.iter().filter(|(name, _)| name != line.name).cloned().collect();
        if chord != line.key {
            own.push((line.name.to_owned(), chord.to_owned()));
        }
        Ok(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> &'static Line {
        TABLE.iter().find(|line| line.name == name).expect("a line")
    }

    #[test]
    fn the_table_has_no_two_meanings_for_a_key() {
        for (i, line) in TABLE.iter().enumerate() {
            for other in &TABLE[i + 1..] {
                assert_ne!(line.name, other.name);
                let clash = line.area.meets(other.area) && line.key == other.key;
                assert!(!clash, "{}: {} and {}", line.key, line.words, other.words);
            }
            assert_eq!(line.key, line.key.to_ascii_lowercase());
            assert!(AREAS.iter().any(|(area, _)| *area == line.area), "{} is listed", line.name);
        }
    }

    #[test]
    fn a_key_does_what_the_table_says() {
        let keys = Keys(&[]);
        let bench = [Area::Bench, Area::Node];
        assert_eq!(keys.deed(&bench, &chord("C", false, true)), Some(Deed::Crash));
        assert_eq!(keys.deed(&bench, &chord("=", false, false)), Some(Deed::Closer));
        assert_eq!(keys.deed(&[Area::Bench, Area::Message], &chord("Backspace", false, false)), Some(Deed::Drop));
        assert_eq!(keys.deed(&[Area::Page], &chord("k", true, false)), Some(Deed::Find));
        assert_eq!(keys.deed(&[Area::Stage], &chord("ArrowUp", false, true)), Some(Deed::MoveUp));
        assert_eq!(keys.deed(&bench, "w"), None);
    }

    #[test]
    fn a_key_is_changed_unless_it_would_mean_two_things() {
        let keys = Keys(&[]);
        let own = keys.changed(of("crash"), "w").expect("free");
        assert_eq!(own, [("crash".to_owned(), "w".to_owned())]);
        let keys = Keys(&own);
        assert_eq!(keys.deed(&[Area::Node], "w"), Some(Deed::Crash));
        assert_eq!(keys.deed(&[Area::Node], "c"), None);
        assert_eq!(keys.key(Deed::Crash), "w");
        // Back to the table's own, nothing is kept.
        assert_eq!(keys.changed(of("crash"), "c"), Ok(vec![]));
        // What a node's keys leave free another selection may have.
        assert!(keys.changed(of("delay"), "k").is_ok());
        for (name, chord, why) in [
            ("pause", " ", "is taken by “Play or pause” (On the bench)"),
            ("pause", "w", "is taken by “Crash it” (A node selected)"),
            ("keys", "k", "is taken by “Skew its clock"),
            ("pause", "tab", "belongs to the browser"),
            ("pause", "f5", "belongs to the browser"),
            ("find", "j", "belongs to the browser"),
            ("pause", "shift arrowup", "A key alone"),
        ] {
            let refused = keys.changed(of(name), chord).expect_err(chord);
            assert!(refused.contains(why), "{name} to {chord}: {refused}");
        }
    }

    #[test]
    fn keys_are_shown_as_they_are_called() {
        let cases =
            [(" ", "Space"), ("c", "C"), ("ctrl k", "Ctrl K"), ("shift arrowup", "Shift ↑"), ("enter", "Enter")];
        for (chord, words) in cases {
            assert_eq!(shown(chord), words);
        }
        assert_eq!(shown("ü"), "ü");
    }
}
