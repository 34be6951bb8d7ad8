//! Firefox by Marionette, the protocol that its WebDriver server speaks to it: length-prefixed JSON over a socket. It
//! is built into Firefox, so no driver has to be installed. Enough for a smoke run.

use serde_json::{Value, json};
use std::{
    env, fs,
    io::{BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

pub struct Firefox {
    process: Child,
    profile: PathBuf,
    stream: BufReader<TcpStream>,
    next: u64,
}

impl Firefox {
    /// Starts a headless Firefox with an empty profile.
    pub fn start() -> Firefox {
        let profile = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("firefox-{}", std::process::id()));
        let _ = fs::remove_dir_all(&profile);
        fs::create_dir_all(&profile).expect("a folder for the profile");
        // Port 0: a free port, which Firefox writes into its profile. No update, telemetry or captive-portal requests.
        let preferences = [
            ("marionette.port", "0"),
            ("remote.prefs.recommended", "true"),
            ("network.captive-portal-service.enabled", "false"),
            ("network.connectivity-service.enabled", "false"),
            ("app.normandy.enabled", "false"),
            ("datareporting.policy.dataSubmissionEnabled", "false"),
            ("browser.shell.checkDefaultBrowser", "false"),
        ];
        let text: String =
            preferences.iter().map(|(name, value)| format!("user_pref(\"{name}\", {value});\n")).collect();
        fs::write(profile.join("user.js"), text).expect("the profile can be written");
        let program = env::var("FIREFOX").unwrap_or_else(|_| "firefox-esr".into());
        let process = Command::new(&program)
            .args(["--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile"])
            .arg(&profile)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{program} does not start ({error}): run `make setup` to install it."));
        let port_file = profile.join("MarionetteActivePort");
        let patience = Instant::now();
        let stream = loop {
            let port = fs::read_to_string(&port_file).ok().and_then(|text| text.trim().parse::<u16>().ok());
            if let Some(stream) = port.and_then(|port| TcpStream::connect(("127.0.0.1", port)).ok()) {
                break stream;
            }
            assert!(patience.elapsed() < Duration::from_secs(60), "{program} did not open its port within 60 s");
            thread::sleep(Duration::from_millis(50));
        };
        stream.set_read_timeout(Some(Duration::from_secs(90))).expect("a time-out above zero");
        let mut firefox = Firefox { process, profile, stream: BufReader::new(stream), next: 0 };
        firefox.receive(); // its greeting
        firefox.command("WebDriver:NewSession", json!({}));
        firefox
    }

    pub fn open(&mut self, address: &str) {
        self.command("WebDriver:Navigate", json!({ "url": address }));
    }

    /// Runs the body of a function in the page; a promise is awaited.
    pub fn js(&mut self, script: &str) -> Value {
        self.command("WebDriver:ExecuteScript", json!({ "script": script, "args": [] }))["value"].take()
    }

    /// Waits until the script returns something that is neither null, false, nor empty.
    pub fn wait_js(&mut self, what: &str, script: &str) -> Value {
        let patience = Instant::now();
        loop {
            let value = self.js(script);
            if super::truthy(&value) {
                return value;
            }
            assert!(patience.elapsed() < Duration::from_secs(90), "Firefox: waited 90 s in vain for {what}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The errors in the browser's console that come from pages on loopback.
    pub fn console_errors(&mut self) -> Vec<String> {
        self.command("Marionette:SetContext", json!({ "value": "chrome" }));
        let errors = self.js("return Services.console.getMessageArray()
                .filter(m => m instanceof Ci.nsIScriptError && !(m.flags & Ci.nsIScriptError.warningFlag))
                .filter(m => m.sourceName.startsWith('http://127.0.0.1') || m.category.includes('content'))
                .map(m => `${m.sourceName}: ${m.errorMessage}`)");
        self.command("Marionette:SetContext", json!({ "value": "content" }));
        let errors = errors.as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error.as_str().unwrap_or_default().to_owned()).collect()
    }

    pub fn screenshot(&mut self, name: &str) {
        let shot = self.command("WebDriver:TakeScreenshot", json!({ "full": false }));
        super::save_png(name, shot["value"].as_str().expect("a picture"));
    }

    fn command(&mut self, name: &str, parameters: Value) -> Value {
        self.next += 1;
        let message = json!([0, self.next, name, parameters]).to_string();
        let stream = self.stream.get_mut();
        write!(stream, "{}:{message}", message.len()).expect("Firefox listens");
        let mut answer = self.receive();
        assert!(answer[2].is_null(), "Firefox: {name}: {}", answer[2]["message"]);
        answer[3].take()
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut byte = [0];
            self.stream.read_exact(&mut byte).expect("Firefox answers");
            match byte[0] {
                b':' => break,
                digit => length = length * 10 + usize::from(digit - b'0'),
            }
        }
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).expect("Firefox answers in full");
        serde_json::from_slice(&bytes).expect("Firefox answers in JSON")
    }
}

impl Drop for Firefox {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.profile);
    }
}
