//! The view service: hears who is alive and decides who serves.
//!
//! It is one node, and its decisions are on its disk before anybody hears of them. A view that is not active yet may be
//! followed by another; the primary of any view is a member of the last active one, who hold the state.

use super::{Bug, Context, Message, PrimaryBackup, Reply, Stamp, Timer, View};
use crate::base::{Micros, NodeId};
use crate::protocols::once::Ticket;
use litemap::LiteMap;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Service {
    pub view: View,
    pub base: View,
    /// When each server was heard last, by the own clock, and what it held.
    pub heard: LiteMap<NodeId, (Micros, Stamp)>,
}

impl PrimaryBackup {
    /// Everybody is given the benefit of the doubt for as long as silence is allowed to last.
    pub(super) fn start_service(&self, ctx: &mut Context<'_>) -> Service {
        if ctx.disk().view.number == 0 {
            let view = View::first(ctx.setup(), self.backups);
            let disk = ctx.disk_mut();
            (disk.view, disk.base) = (view.clone(), view);
        }
        ctx.sync();
        ctx.set_timer(self.ping_interval, &Timer::Look);
        let now = ctx.local_now();
        let heard = ctx.setup().role("server").map(|server| (server, (now, Stamp::default()))).collect();
        Service { view: ctx.disk().view.clone(), base: ctx.disk().base.clone(), heard }
    }

    pub(super) fn on_ping(
        &self,
        s: &mut Service,
        from: NodeId,
        view: u64,
        holds: Stamp,
        ready: bool,
        ctx: &mut Context<'_>,
    ) {
        s.heard.insert(from, (ctx.local_now(), holds));
        if ready && from == s.view.primary && view == s.view.number && !s.view.active {
            s.view.active = true;
            s.base = s.view.clone();
            self.persist(s, ctx);
            ctx.note(format!("view is active: {}", s.view.number));
        }
        ctx.send(from, &Message::View(s.view.clone()));
    }

    pub(super) fn on_look(&self, s: &mut Service, ctx: &mut Context<'_>) {
        if let Some(view) = self.next_view(s, None, ctx) {
            self.change(s, view, ctx);
        }
        ctx.set_timer(self.ping_interval, &Timer::Look);
    }

    /// A planned switch-over. The answer says that it is decided; the view has still to become active.
    pub(super) fn on_promote(
        &self,
        s: &mut Service,
        from: NodeId,
        ticket: Ticket,
        server: &str,
        ctx: &mut Context<'_>,
    ) {
        let wanted = ctx.setup().role("server").find(|n| ctx.setup().name(*n) == server);
        if wanted != Some(s.view.primary) {
            let Some(view) = wanted.and_then(|wanted| self.next_view(s, Some(wanted), ctx)) else {
                return ctx.send(from, &Message::Answer { ticket, reply: Reply::Refused });
            };
            self.change(s, view, ctx);
        }
        let reply = Reply::Done(Stamp::default(), s.view.number);
        ctx.send(from, &Message::Answer { ticket, reply });
    }

    /// The view that should follow now, if any: a live primary stays, unless another is wanted; a dead one is replaced by
    /// the live member of the last active view that reported most; dead backups are replaced by live servers.
    fn next_view(&self, s: &Service, wanted: Option<NodeId>, ctx: &Context<'_>) -> Option<View> {
        let now = ctx.local_now();
        let live = |n: &NodeId| s.heard.get(n).is_some_and(|(at, _)| now.since(*at) < self.dead_after);
        let base = if self.has(Bug::PromoteUnready) { &s.view } else { &s.base };
        let most = |n: &NodeId| (s.heard.get(n).map(|(_, holds)| *holds), std::cmp::Reverse(*n));
        let mut fit = base.members().filter(live);
        let primary = match wanted {
            Some(wanted) => fit.find(|n| *n == wanted)?,
            None if live(&s.view.primary) => s.view.primary,
            None => fit.max_by_key(most)?,
        };
        let mut backups: Vec<NodeId> = s.view.members().filter(|n| *n != primary && live(n)).collect();
        let changed = primary != s.view.primary || backups.len() < s.view.backups.len();
        // Servers are added to a view that works: one that is about to is not disturbed.
        if changed || s.view.active {
            let idle = s.heard.keys().copied().filter(|n| live(n) && *n != primary && !backups.contains(n));
            let idle: Vec<NodeId> = idle.collect();
            backups.extend(idle);
        }
        backups.truncate(self.backups);
        let next = View { number: s.view.number + 1, primary, backups, active: false };
        ((next.primary, &next.backups) != (s.view.primary, &s.view.backups)).then_some(next)
    }

    fn change(&self, s: &mut Service, view: View, ctx: &mut Context<'_>) {
        let names: Vec<&str> = view.members().map(|n| ctx.setup().name(n)).collect();
        let note = format!("view changes: {} is {}", view.number, names.join(", "));
        s.view = view;
        self.persist(s, ctx);
        ctx.note(note);
        let news = Message::View(s.view.clone());
        let servers: Vec<NodeId> = ctx.setup().role("server").collect();
        servers.into_iter().for_each(|server| ctx.send(server, &news));
    }

    fn persist(&self, s: &Service, ctx: &mut Context<'_>) {
        if !self.has(Bug::ViewNotPersisted) {
            let disk = ctx.disk_mut();
            (disk.view, disk.base) = (s.view.clone(), s.base.clone());
            ctx.sync();
        }
    }
}
