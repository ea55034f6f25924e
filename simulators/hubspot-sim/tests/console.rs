//! The console: what a person sees of a record and can do with it.
mod common;

use common::{Answer, World};

async fn page(world: &World, path: &str) -> Answer {
    world.call_as("", "GET", path, "text/html", String::new()).await
}

#[tokio::test]
async fn record_is_edited_as_another_user_and_its_history_says_so() {
    let world = World::new();
    let id = world.contact("a@b.example").await;
    let path = format!("/_sim/console/contacts/{id}");
    let shown = page(&world, &path).await;
    assert!(shown.text.contains("Bruno Ferreira"), "{}", shown.text);
    let saved = world.form(&path, &[("city", "Ulm"), ("as-user", "9586502")]).await;
    assert_eq!(saved.status, 303, "{}", saved.text);
    let record = world.sim.record("contacts", &id).expect("a record");
    assert_eq!(record.properties["city"], "Ulm");
    assert_eq!(record.history["city"][0].source_id, "userId:9586502");
}

#[tokio::test]
async fn records_are_associated_merged_and_deleted_for_good() {
    let world = World::new();
    let (one, two) = (world.contact("one@b.example").await, world.contact("two@b.example").await);
    let company = world.company("Acme <&>").await;
    let path = format!("/_sim/console/contacts/{one}");
    let done = world
        .form(&format!("{path}/associate"), &[("object", "companies"), ("id", &company), ("primary", "true")])
        .await;
    assert_eq!(done.status, 303, "{}", done.text);
    assert!(page(&world, &path).await.text.contains("Acme &lt;&amp;&gt;"));
    let wrong = world.form(&format!("{path}/associate"), &[("object", "companies"), ("id", "5")]).await;
    assert!(wrong.status == 400 && wrong.text.contains("role=\"alert\""), "{}", wrong.text);
    let note = world
        .sim
        .create_record("notes", [("hs_note_body", "Met at the fair"), ("hs_timestamp", "1789000000000")]);
    let note = note.expect("a note");
    world.form(&format!("{path}/associate"), &[("object", "notes"), ("id", &note)]).await;
    assert!(page(&world, &path).await.text.contains("Met at the fair"));
    let merged = world.form(&format!("{path}/merge"), &[("id", &two)]).await;
    let to = merged.headers.get("location").and_then(|to| to.to_str().ok()).expect("a new page").to_owned();
    assert!(page(&world, &to).await.text.contains("one@b.example"));
    assert!(page(&world, &to).await.text.contains("Met at the fair"));
    let ended = world.form(&format!("{to}/dissociate"), &[("object", "companies"), ("id", &company)]).await;
    assert_eq!(ended.status, 303);
    assert!(!page(&world, &to).await.text.contains("Acme"));
    assert_eq!(world.form(&format!("{to}/erase"), &[]).await.status, 303);
    assert_eq!(page(&world, &to).await.status, 404);
    assert!(world.sim.records("contacts").is_empty());
}
