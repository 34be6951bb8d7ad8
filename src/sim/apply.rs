//! Carrying out commands. A command whose target does not exist, or does not allow it, changes nothing and says why.

use super::adversary::{Adversary, FIRST_COPY};
use super::net::{self, Pairs, unknown_node};
use super::node::{Incoming, Message};
use super::sample;
use super::trace::{Rec, Trace};
use super::workload;
use super::world::{Item, World};
use crate::base::{MsgId, NodeId, TimerId, order};
use crate::wire::*;
use std::sync::Arc;

/// The rule of a loss that was commanded.
pub const BY_HAND: &str = "dropped by hand";

type Done = Result<(), String>;

/// What a command is to the run: 1 a fault, 2 a repair, 0 neither (load, and what only looks).
fn weight(command: &Command) -> u16 {
    match command {
        Command::Request(_) | Command::Workload(_) => 0,
        Command::Restart(_) | Command::Resume(_) | Command::Heal(_) => 2,
        Command::Clog(c) if !c.clogged => 2,
        Command::Hold(hold) => {
            if hold.on {
                0
            } else {
                2
            }
        }
        _ => 1,
    }
}

/// The message that arrives.
fn arriving(item: &Item) -> Option<MsgId> {
    if let Item::Arrive(message) = item { Some(message.id) } else { None }
}

/// Says what is wrong with a command's numbers, if anything, whatever the run is like: a scenario cannot hold them.
pub fn check_numbers(command: &Command) -> Result<(), (&'static str, String)> {
    match command {
        Command::Slow(c) => sample::check(&c.service).map_err(|e| ("slow", e)),
        Command::Disk(c) => sample::check(&c.sync).map_err(|e| ("disk", e)),
        Command::Link(c) => net::check_change(c).map_err(|e| ("link", e)),
        Command::Workload(c) => workload::check(c).map_err(|e| ("workload", e)),
        _ => Ok(()),
    }
}

impl World {
    /// Carries out `command` now, as a step of its own. The row of the command says what it was, or why it had no
    /// effect.
    pub fn apply(&mut self, command: &Command, trace: &mut Option<&mut Trace>) -> Done {
        self.begin_step();
        self.at_now += 1;
        let mut command = command.clone();
        let named = self.name_roles(&mut command);
        let command = &command;
        let (node, sentence) = (self.node_of(command), super::sentence::of_command(command, &self.setup));
        let rec = Rec::new(RowKind::Command, self.now, node.unwrap_or_default(), None);
        let row = self.emit(Rec { code: weight(command), ..rec }, sentence.as_bytes(), trace);
        let done = named.and_then(|()| self.carry(command, row, trace));
        if let Err(reason) = &done {
            let rec = Rec::new(RowKind::Note, self.now, node.unwrap_or_default(), Some(row));
            self.emit(rec, format!("the command had no effect: {reason}").as_bytes(), trace);
        }
        self.end_step(node, trace);
        done
    }

    /// Puts names in the place of roles: `@leader` is whoever leads now.
    fn name_roles(&self, command: &mut Command) -> Done {
        for word in command.nodes_mut() {
            let Some(role) = word.strip_prefix('@') else { continue };
            let has = |node: &NodeId| {
                let up = self.shells[node.index()].status == NodeStatus::Up;
                up && self.card(*node).role == role
            };
            let mut nodes = (0..self.setup.nodes.len() as u16).map(NodeId);
            match nodes.find(has) {
                Some(node) => *word = self.setup.name(node).to_owned(),
                None => return Err(format!("no node that is up is {role} now")),
            }
        }
        Ok(())
    }

    /// The node that a command is about, if it is about one.
    fn node_of(&self, command: &Command) -> Option<NodeId> {
        let name = match command {
            Command::Crash(n) | Command::Restart(n) | Command::Pause(n) | Command::Resume(n) => &n.node,
            Command::Slow(c) => &c.node,
            Command::Clock(c) => &c.node,
            Command::Disk(c) => &c.node,
            Command::Request(c) => &c.client,
            Command::Drop(m) | Command::Duplicate(m) | Command::DeliverNow(m) => return self.within(m.message.to),
            Command::Delay(m) => return self.within(m.message.to),
            Command::FireTimer(t) => return self.within(t.timer.node),
            Command::PostponeTimer(t) => return self.within(t.timer.node),
            _ => return None,
        };
        self.find(name).ok()
    }

    fn within(&self, node: NodeId) -> Option<NodeId> {
        (node.index() < self.shells.len()).then_some(node)
    }

    fn find(&self, name: &str) -> Result<NodeId, String> {
        let place = self.setup.nodes.iter().position(|n| n.name == name);
        place.map(|i| NodeId(i as u16)).ok_or_else(|| unknown_node(&self.setup, name))
    }

    fn carry(&mut self, command: &Command, row: u32, trace: &mut Option<&mut Trace>) -> Done {
        match command {
            Command::Crash(n) => self.do_crash(&n.node, row, trace),
            Command::Restart(n) => self.do_restart(&n.node, row, trace),
            Command::Request(c) => self.do_request(c, row, trace),
            Command::Workload(c) => self.do_workload(c),
            Command::FireTimer(t) => self.retime(t.timer, |_, now| now),
            other => self.carry_rare(other, row, trace),
        }
    }

    /// What is commanded more rarely than on the home page.
    #[inline(never)]
    fn carry_rare(&mut self, command: &Command, row: u32, trace: &mut Option<&mut Trace>) -> Done {
        match command {
            Command::Pause(n) => self.do_pause(&n.node, row, trace),
            Command::Resume(n) => self.do_resume(&n.node, row, trace),
            Command::Slow(c) => self.do_slow(c),
            Command::Clock(c) => self.do_clock(c),
            Command::Disk(c) => self.do_disk(c),
            Command::Cut(c) => {
                let pairs = Pairs::resolve(&self.setup, &c.from, &c.to, c.one_way)?;
                self.net.cut(&c.name, pairs);
                Ok(())
            }
            Command::Heal(c) => match self.net.heal(&c.name) || c.name.is_empty() {
                true => Ok(()),
                false => Err(format!("no rule is named \"{}\"", c.name)),
            },
            Command::Link(c) => {
                net::check_change(c)?;
                net::check_kinds(c, &self.describe.messages)?;
                let pairs = Pairs::resolve(&self.setup, &c.from, &c.to, c.one_way)?;
                self.net.change(pairs, c.clone());
                Ok(())
            }
            Command::Clog(c) => self.do_clog(c),
            Command::Adversary(c) => self.do_adversary(c),
            Command::Drop(m) => self.do_drop(m.message, row, trace),
            Command::Duplicate(m) => self.do_duplicate(m.message, row, trace),
            Command::Delay(m) => self.reschedule(m.message, |due, _| due.saturating_add(m.by.0)),
            Command::DeliverNow(m) => self.reschedule(m.message, |_, now| now),
            Command::PostponeTimer(t) => self.retime(t.timer, |due, _| due.saturating_add(t.by.0)),
            Command::AlignTimers(c) => self.do_align(c),
            Command::Hold(c) => {
                self.do_hold(c.on);
                Ok(())
            }
            Command::Crash(_)
            | Command::Restart(_)
            | Command::Request(_)
            | Command::Workload(_)
            | Command::FireTimer(_) => Err("it is carried out elsewhere".into()),
        }
    }

    pub(super) fn do_crash(&mut self, name: &str, row: u32, trace: &mut Option<&mut Trace>) -> Done {
        let node = self.find(name)?;
        if self.shells[node.index()].status == NodeStatus::Down {
            return Err(format!("{name} is down already"));
        }
        for incoming in std::mem::take(&mut self.shells[node.index()].inbox) {
            if let Incoming::Message(m) = incoming {
                let rec = Rec::of_message(RowKind::Lost, self.now, m.id, false, Some(m.row));
                self.lose(rec, self.now, &format!("{name} crashed before it was handled"), trace);
            }
        }
        self.crash(node, row, trace);
        self.next_closed_arrival(node);
        Ok(())
    }

    pub(super) fn do_restart(&mut self, name: &str, row: u32, trace: &mut Option<&mut Trace>) -> Done {
        let node = self.find(name)?;
        if self.shells[node.index()].status != NodeStatus::Down {
            return Err(format!("{name} is not down"));
        }
        let row = self.emit(Rec::new(RowKind::Restart, self.now, node, Some(row)), b"", trace);
        self.start(node, Some(row), trace);
        Ok(())
    }

    fn do_pause(&mut self, name: &str, row: u32, trace: &mut Option<&mut Trace>) -> Done {
        let node = self.find(name)?;
        match self.shells[node.index()].status {
            NodeStatus::Up => {
                self.shells[node.index()].status = NodeStatus::Paused;
                self.emit(Rec::new(RowKind::Pause, self.now, node, Some(row)), b"", trace);
                Ok(())
            }
            NodeStatus::Down => Err(format!("{name} is down")),
            NodeStatus::Paused => Err(format!("{name} is paused already")),
        }
    }

    fn do_resume(&mut self, name: &str, row: u32, trace: &mut Option<&mut Trace>) -> Done {
        let node = self.find(name)?;
        if self.shells[node.index()].status != NodeStatus::Paused {
            return Err(format!("{name} is not paused"));
        }
        self.shells[node.index()].status = NodeStatus::Up;
        self.emit(Rec::new(RowKind::Resume, self.now, node, Some(row)), b"", trace);
        if matches!(self.shells[node.index()].inbox.front(), Some(Incoming::Synced)) {
            self.shells[node.index()].inbox.pop_front();
            self.synced(node, trace);
        }
        self.serve_next(node, trace);
        Ok(())
    }

    fn do_slow(&mut self, c: &Slow) -> Done {
        sample::check(&c.service)?;
        let node = self.find(&c.node)?;
        let fast = c.service == Distribution::Constant(crate::base::Micros::ZERO);
        self.shells[node.index()].service = (!fast).then(|| Arc::new(c.service.clone()));
        Ok(())
    }

    fn do_clock(&mut self, c: &Clock) -> Done {
        let node = self.find(&c.node)?;
        if c.drift_ppm.abs() > 500_000 || c.offset_us.abs() > 86_400_000_000 {
            return Err("drift_ppm must be within ±500,000 and offset_us within a day".into());
        }
        let clock = &mut self.shells[node.index()].clock;
        *clock = clock.set(c.offset_us, c.drift_ppm, self.now);
        Ok(())
    }

    fn do_disk(&mut self, c: &DiskShape) -> Done {
        sample::check(&c.sync)?;
        let node = self.find(&c.node)?;
        let shell = &mut self.shells[node.index()];
        shell.sync_time = Arc::new(c.sync.clone());
        shell.lies = c.lies;
        Ok(())
    }

    fn do_clog(&mut self, c: &Clog) -> Done {
        let pairs = Pairs::resolve(&self.setup, &c.from, &c.to, c.one_way)?;
        self.net.clog(pairs, c.clogged);
        self.send_held();
        Ok(())
    }

    fn do_hold(&mut self, on: bool) {
        self.net.hold(on);
        if on {
            let mut flying = self.queue.extract(|item| matches!(item, Item::Arrive(_)));
            order::sort(&mut flying, |a, b| (a.0, arriving(&a.1)) < (b.0, arriving(&b.1)));
            self.clogged.extend(flying.into_iter().filter_map(|(_, item)| match item {
                Item::Arrive(message) => Some(message),
                _ => None,
            }));
        } else {
            self.send_held();
        }
    }

    /// What is held back goes on its way again, where nothing holds it any more.
    fn send_held(&mut self) {
        for message in std::mem::take(&mut self.clogged) {
            let link = self.net.link(message.id.from, message.id.to);
            let kind = self.kind_on(link, &message);
            let latency = self.net.latency_of_copy(link, kind, message.id.count, message.id.copy | 0x80);
            self.put_on_link(link, self.now + latency, message);
        }
    }

    fn do_adversary(&mut self, c: &AdversaryScript) -> Done {
        let known = self.adversaries.iter().position(|a| *a.name == *c.name);
        if c.act == AdversaryAct::Stop {
            let place = known.ok_or_else(|| format!("no adversary is named \"{}\"", c.name))?;
            self.adversaries.remove(place);
            return Ok(());
        }
        let kinds = || self.describe.messages.iter().map(|(kind, _)| *kind);
        if !c.kind.is_empty() && !kinds().any(|kind| kind == c.kind) {
            let kinds: Vec<&str> = kinds().collect();
            return Err(format!("no message is called \"{}\"; messages: {}", c.kind, kinds.join(", ")));
        }
        if let AdversaryAct::Alter { bytes, .. } | AdversaryAct::Inject { bytes, .. } = &c.act
            && bytes.is_empty()
        {
            return Err("bytes: say at least one byte".into());
        }
        let pairs = Arc::new(Pairs::resolve(&self.setup, &c.from, &c.to, true)?);
        self.adversaries.retain(|a| *a.name != *c.name);
        self.adversaries.push(Adversary {
            name: c.name.as_str().into(),
            pairs,
            kind: c.kind.as_str().into(),
            act: Arc::new(c.act.clone()),
            left: (c.times > 0).then_some(c.times),
        });
        Ok(())
    }

    /// Takes a message out of wherever it is, with the time at which it was due.
    fn take(&mut self, id: MsgId) -> Result<(u64, Message), String> {
        let mut taken = self.queue.extract(|item| matches!(item, Item::Arrive(m) if m.id == id));
        if let Some((due, Item::Arrive(message))) = taken.pop() {
            return Ok((due, message));
        }
        if let Some(place) = self.clogged.iter().position(|m| m.id == id) {
            return Ok((self.now, self.clogged.remove(place)));
        }
        if let Some(shell) = self.shells.get_mut(id.to.index()) {
            let waits = |i: &Incoming| matches!(i, Incoming::Message(m) if m.id == id);
            if let Some(place) = shell.inbox.iter().position(waits)
                && let Some(Incoming::Message(message)) = shell.inbox.remove(place)
            {
                return Ok((self.now, message));
            }
        }
        Err(format!("message {id} is not on its way"))
    }

    fn do_drop(&mut self, id: MsgId, row: u32, trace: &mut Option<&mut Trace>) -> Done {
        let (due, message) = self.take(id)?;
        let _ = row;
        let rec = Rec::of_message(RowKind::Lost, self.now, id, true, Some(message.row));
        self.lose(rec, due, BY_HAND, trace);
        Ok(())
    }

    fn do_duplicate(&mut self, id: MsgId, row: u32, trace: &mut Option<&mut Trace>) -> Done {
        let (due, message) = self.take(id)?;
        let _ = row;
        let same = |m: &Message| (m.id.from, m.id.to, m.id.count) == (id.from, id.to, id.count);
        let copies = self.queue.iter().filter_map(|(_, item)| match item {
            Item::Arrive(m) if same(m) => Some(m.id.copy),
            _ => None,
        });
        let copy = copies.max().unwrap_or(0).max(id.copy).max(FIRST_COPY - 1).saturating_add(1);
        let twin = MsgId { copy, ..id };
        let row = self.emit(Rec::of_message(RowKind::Duplicate, self.now, twin, true, Some(message.row)), b"", trace);
        let link = self.net.link(id.from, id.to);
        let latency = self.net.latency_of_copy(link, self.kind_on(link, &message), id.count, copy);
        self.schedule(due, Item::Arrive(message.clone()));
        self.schedule(self.now + latency, Item::Arrive(Message { id: twin, row, ..message }));
        Ok(())
    }

    fn reschedule(&mut self, id: MsgId, due: impl FnOnce(u64, u64) -> u64) -> Done {
        let (old, message) = self.take(id)?;
        let at = due(old, self.now).clamp(self.now, crate::base::Micros::MAX.0);
        self.schedule(at, Item::Arrive(message));
        Ok(())
    }

    fn retime(&mut self, id: TimerId, due: impl FnOnce(u64, u64) -> u64) -> Done {
        let now = self.now;
        let timer = self
            .shells
            .get_mut(id.node.index())
            .and_then(|shell| shell.timers.iter_mut().find(|t| t.count == id.count))
            .ok_or_else(|| format!("timer {id} is not pending"))?;
        timer.due = due(timer.due, now).clamp(now, crate::base::Micros::MAX.0);
        let (node, count, at) = (id.node, id.count, timer.due);
        self.schedule(at, Item::Timer { node, count });
        Ok(())
    }

    fn do_align(&mut self, c: &AlignTimers) -> Done {
        let kind = self.describe.timers.iter().position(|k| *k == c.kind);
        let kind = kind
            .ok_or_else(|| format!("no timer is called \"{}\"; timers: {}", c.kind, self.describe.timers.join(", ")))?
            as u8;
        let mut nodes = Vec::new();
        for word in &c.nodes {
            let named = self.setup.resolve(word);
            if named.is_empty() {
                return Err(unknown_node(&self.setup, word));
            }
            nodes.extend(named);
        }
        let mut firsts: Vec<(TimerId, u64)> = Vec::new();
        for (i, shell) in self.shells.iter().enumerate() {
            let node = NodeId(i as u16);
            if nodes.is_empty() || nodes.contains(&node) {
                let first = shell.timers.iter().filter(|t| t.kind == kind).min_by_key(|t| t.due);
                firsts.extend(first.map(|t| (TimerId { node, count: t.count }, t.due)));
            }
        }
        let latest = firsts.iter().map(|(_, due)| *due).max().ok_or("no such timer is pending")?;
        firsts.into_iter().try_for_each(|(timer, _)| self.retime(timer, |_, _| latest))
    }

    fn do_request(&mut self, c: &ClientRequest, row: u32, trace: &mut Option<&mut Trace>) -> Done {
        let client = self.find(&c.client)?;
        if !self.setup.nodes[client.index()].client {
            return Err(format!("{} is not a client", c.client));
        }
        if self.shells[client.index()].status == NodeStatus::Down {
            return Err(format!("{} is down", c.client));
        }
        self.check_function(&c.op.f)?;
        self.invoke(client, c.op.clone(), Some(row), trace);
        Ok(())
    }

    fn check_function(&self, f: &str) -> Done {
        let functions = self.describe.functions.iter().chain(&self.describe.administration);
        let known: Vec<&str> = functions.map(|k| k.f.as_str()).collect();
        if known.contains(&f) {
            Ok(())
        } else {
            Err(format!("\"{f}\" is not a function; functions: {}", known.join(", ")))
        }
    }

    fn do_workload(&mut self, c: &Workload) -> Done {
        workload::check(c)?;
        c.mix.keys().try_for_each(|f| self.check_function(f))?;
        let clients = self.setup.resolve(&c.client);
        if clients.is_empty() {
            return Err(unknown_node(&self.setup, &c.client));
        }
        if let Some(node) = clients.iter().find(|n| !self.setup.nodes[n.index()].client) {
            return Err(format!("{} is not a client", self.setup.name(*node)));
        }
        let spec = Arc::new(c.clone());
        clients.into_iter().for_each(|client| self.set_workload(client, Arc::clone(&spec)));
        Ok(())
    }
}
