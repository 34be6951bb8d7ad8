//! A front: passes requests on to the bank, and answers back to clients. It knows nothing of accounts.

use super::{Context, Keys, Message, Payments};
use crate::base::NodeId;
use litemap::LiteMap;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Front {
    /// Requests that were passed on and not answered yet.
    pub open: Vec<(NodeId, u32)>,
    /// Where keys are remembered at fronts: the payments that this one passed on, and what it was answered.
    pub kept: LiteMap<(NodeId, u32), Option<Message>>,
}

/// Open requests that are counted.
const OPEN_MAX: usize = 256;

impl Payments {
    pub(super) fn pass_on(&self, f: &mut Front, m: Message, ctx: &mut Context<'_>) {
        let (client, op) = match &m {
            Message::Pay(order) => (order.client, order.op),
            Message::Ask { client, op, .. } | Message::Answer { client, op, .. } => (*client, *op),
        };
        if client.index() >= ctx.setup().nodes.len() {
            return;
        }
        let asked = (client, op);
        f.open.retain(|open| *open != asked);
        if let Message::Answer { .. } = m {
            if let Some(kept) = f.kept.get_mut(&asked) {
                *kept = Some(m.clone());
            }
            return ctx.send(client, &m);
        }
        if self.keys == Keys::Front && matches!(m, Message::Pay(_)) {
            // One that is under way is answered when the bank has answered.
            if let Some(kept) = f.kept.get(&asked) {
                ctx.note("knows the key: it passed that payment on before");
                if let Some(answer) = kept {
                    ctx.send(client, answer);
                }
                return;
            }
            f.kept.insert(asked, None);
        }
        if f.open.len() < OPEN_MAX {
            f.open.push(asked);
        }
        let bank = ctx.setup().role("bank").next();
        if let Some(bank) = bank {
            ctx.send(bank, &m);
        }
    }
}
