//! What this is, what it is not, and a drill for the engine.

use super::super::app::Ctx;
use crate::wire::Request;
use yew::prelude::*;

pub fn about(ctx: &Ctx) -> Html {
    let drill = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| ctx.lab.send(Request::Die))
    };
    html! {
        <main id="main" class="page" tabindex="-1">
            <h1>{ "About Faultline" }</h1>
            <p>{ "Faultline simulates clusters in your browser: real protocol code on a simulated network, with simulated clocks and disks. What you see on the stage is what happened in the simulation, event by event; goals and verdicts are computed from the same events." }</p>
            <h2>{ "What it models, and what it does not" }</h2>
            <ul>
                <li>{ "Messages take time, are lost, doubled, reordered and cut off; nodes crash, pause, slow down and have wrong clocks; disks keep what was synced." }</li>
                <li>{ "Time is simulated: a second of the cluster takes as long to watch as you like. The same scenario, seed and commands give the same run, to the bit." }</li>
                <li>{ "It does not model processors, kernels or real networks; each lesson says what its model leaves out." }</li>
            </ul>
            <h2>{ "Privacy" }</h2>
            <p>{ "Nothing leaves this machine: no account, no tracking, no request to any other site. Your progress is kept in this browser's storage; save it as a file to take it elsewhere." }</p>
            <h2>{ "Keys" }</h2>
            <p>{ "Everything has a key. Press ? for the list: it says what each does, and there each can be another. The same list says how much a screen reader is told of a run. Ctrl K finds what can be done by typing. Keys of the bench work while the bench has the focus." }</p>
            <h2>{ "Fault drill" }</h2>
            <p>{ "The engine runs in a worker of its own. When it dies, a new one takes over and your run is brought back. Try it:" }</p>
            <p><button type="button" id="die" onclick={drill}>{ "Crash the engine" }</button></p>
            <p role="status">{ &ctx.state.run.toast }</p>
        </main>
    }
}
