//! What must hold at every moment, and why it does not when it does not. Each harm is reported once, when it is done, so
//! that harms can be counted.

use super::{Payments, State};
use crate::base::NodeId;
use crate::protocols::remembered::Remembered;
use crate::sim::protocol::{Ended, StepFacts, View};
use crate::wire::{Datum, Outcome};
use serde::Serialize;
use smol_str::SmolStr;

/// In the order of the numbers below.
pub const STATEMENTS: [(&str, &str); 5] = [
    ("money is conserved", "What all accounts on the bank's disk hold together never changes."),
    ("no payment is charged twice", "However often a payment is asked for, it is charged at most once."),
    (
        "nothing happens that no client asked for",
        "Every charge is of a payment that its client has asked for, to that account and of that amount.",
    ),
    (
        "every acknowledged payment happened",
        "When a client is told that it has paid, the charge is on the bank's disk, then and ever after.",
    ),
    (
        "what is said to have failed never happens",
        "A payment that its client reports as failed is not charged, before or after.",
    ),
];
const CONSERVED: u16 = 0;
const TWICE: u16 = 1;
const UNASKED: u16 = 2;
const HAPPENED: u16 = 3;
const FAILED: u16 = 4;

type Broken = Vec<(u16, String)>;
type Id = (NodeId, u32);

#[derive(Clone, Default, Serialize)]
pub struct Memory {
    /// What all accounts together are known to hold.
    total: Option<i64>,
    bank_up: bool,
    /// The number of the charge seen last.
    last: u64,
    payments: Remembered<Id, Payment>,
}

#[derive(Clone, Default, Serialize)]
struct Payment {
    to: SmolStr,
    amount: i64,
    /// The number of the bank's first charge for it.
    charge: Option<u64>,
    acknowledged: bool,
    failed: bool,
}

impl Memory {
    pub fn check(&mut self, opening: i64, view: &View<'_, Payments>, step: &StepFacts, broken: &mut Broken) {
        for (id, op) in &step.began {
            if let ("pay", Datum::Int(amount)) = (op.f.as_str(), &op.value) {
                let payment = Payment { to: op.key.clone(), amount: *amount, ..Payment::default() };
                self.payments.insert((id.client, id.count), payment);
            }
        }
        if let Some(bank) = view.setup.role("bank").next() {
            if step.node == Some(bank) {
                self.money(opening, view, bank, broken);
                self.bank_acted(view, bank, broken);
            }
            step.ended.iter().for_each(|ended| self.payment_ended(view, bank, ended, broken));
        }
    }

    fn money(&mut self, opening: i64, view: &View<'_, Payments>, bank: NodeId, broken: &mut Broken) {
        let durable = view.durable(bank);
        if durable.accounts.is_empty() {
            return;
        }
        let clients = view.setup.nodes.iter().filter(|node| node.client).count() as i64;
        let (all, before) = (durable.accounts.values().sum::<i64>(), self.total.unwrap_or(clients * opening));
        self.total = Some(all);
        if all != before {
            broken.push((CONSERVED, format!("all accounts together held {before}, and hold {all}")));
        }
    }

    fn bank_acted(&mut self, view: &View<'_, Payments>, bank: NodeId, broken: &mut Broken) {
        let was_up = std::mem::replace(&mut self.bank_up, view.state(bank).is_some());
        if was_up != self.bank_up {
            self.bank_lost(view, bank, broken);
        }
        let Some(State::Bank(state)) = view.state(bank) else { return };
        let Some((number, id, to, amount)) = state.last.as_ref().filter(|(number, ..)| *number != self.last) else {
            return;
        };
        self.last = *number;
        let (who, op) = (view.setup.name(id.0), id.1);
        match self.payments.map.get_mut(id) {
            Some(payment) if (&payment.to, payment.amount) == (to, *amount) => {
                if let Some(first) = payment.charge {
                    let why =
                        format!("{who}'s {amount} to {to} (operation {op}) is charge {first} and charge {number}");
                    broken.push((TWICE, why));
                }
                if payment.failed {
                    let why = format!("{who} reported {amount} to {to} (operation {op}) as failed, and it is charged");
                    broken.push((FAILED, why));
                }
                payment.charge.get_or_insert(*number);
            }
            asked => {
                let asked = asked.map_or("nothing like it".into(), |p| format!("{} to {}", p.amount, p.to));
                broken.push((UNASKED, format!("{amount} from {who} to {to} is charged; {who} asked for {asked}")));
            }
        }
    }

    /// What was not on disk has not happened.
    fn bank_lost(&mut self, view: &View<'_, Payments>, bank: NodeId, broken: &mut Broken) {
        let durable = view.durable(bank).charges;
        self.last = self.last.min(durable);
        for (id, payment) in &mut self.payments.map {
            if payment.charge.is_none_or(|charge| charge <= durable) {
                continue;
            }
            payment.charge = None;
            if std::mem::take(&mut payment.acknowledged) {
                let (who, amount, to) = (view.setup.name(id.0), payment.amount, &payment.to);
                broken.push((HAPPENED, format!("{who} was told that it has paid {amount} to {to}, and that is lost")));
            }
        }
    }

    fn payment_ended(&mut self, view: &View<'_, Payments>, bank: NodeId, ended: &Ended, broken: &mut Broken) {
        let Some(payment) = self.payments.map.get_mut(&(ended.id.client, ended.id.count)) else { return };
        let who = view.setup.name(ended.id.client);
        let (amount, to) = (payment.amount, &payment.to);
        match ended.outcome {
            Outcome::Ok => {
                payment.acknowledged = true;
                let durable = view.durable(bank).charges;
                if payment.charge.is_none_or(|charge| charge > durable) {
                    let why =
                        format!("{who} is told that it has paid {amount} to {to}, and the bank has no such charge");
                    broken.push((HAPPENED, why));
                }
            }
            Outcome::Fail => {
                payment.failed = true;
                if let Some(charge) = payment.charge {
                    let why = format!("{who} reports {amount} to {to} as failed, and it is charge {charge}");
                    broken.push((FAILED, why));
                }
            }
            Outcome::Unknown => {}
        }
    }
}
