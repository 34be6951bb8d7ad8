//! Is `docs/sweep-job.yaml` a job that Kubernetes takes? Its types, generated from the published schema, read it; and since
//! they pass over what they do not know, what they write again must be all that was there.

#![cfg(test)]

use k8s_openapi::api::batch::v1::Job;
use serde_json::Value;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/sweep-job.yaml");

fn read(text: &str) -> Result<Job, String> {
    let value: Value = serde_yaml_ng::from_str(text).map_err(|why| why.to_string())?;
    let job: Job = serde_json::from_value(value.clone()).map_err(|why| why.to_string())?;
    let again = serde_json::to_value(&job).map_err(|why| why.to_string())?;
    if again == value { Ok(job) } else { Err(format!("the schema does not have all of it:\n{value:#}\n{again:#}")) }
}

fn text() -> String {
    std::fs::read_to_string(FILE).expect(FILE)
}

#[test]
fn the_example_is_a_job_by_the_published_schema() {
    let job = read(&text()).expect("a job");
    let spec = job.spec.expect("a specification");
    // Words of which the types say nothing: only an indexed job tells each pod its number, and a job's pods are never
    // always restarted.
    assert_eq!(spec.completion_mode.as_deref(), Some("Indexed"));
    let pod = spec.template.spec.expect("a pod");
    assert!(["Never", "OnFailure"].contains(&pod.restart_policy.as_deref().unwrap_or_default()));
    let [container] = &pod.containers[..] else { panic!("one container") };
    assert_eq!(container.command.as_deref(), Some(&["sh".to_owned(), "-c".to_owned()][..]));
    let [command] = container.args.as_deref().unwrap_or_default() else { panic!("one command") };
    let shards = spec.completions.expect("a number of shards");
    assert!(command.contains(&format!("--shard \"$((JOB_COMPLETION_INDEX + 1))/{shards}\"")), "{command}");
}

#[test]
fn what_is_mistyped_is_found() {
    let text = text();
    for (right, wrong) in [
        ("completionMode", "completionmode"),
        ("completions: 20", "completions: many"),
        ("restartPolicy: Never", "restartPolicie: Never"),
        ("containers:", "container:"),
        ("batch/v1", "batch/v2"),
        ("kind: Job", "kind: Jobs"),
        ("- faultline", "  faultline"),
    ] {
        assert!(text.contains(right), "{right}");
        assert!(read(&text.replacen(right, wrong, 1)).is_err(), "{wrong}");
    }
}
