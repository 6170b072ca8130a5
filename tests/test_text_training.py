"""rnnlab.text around the network: texts in parts, baselines, calibration, training, gradient norms, what runs show."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rnnlab import study
from rnnlab.text import findings, report, studies, tables, training
from rnnlab.text.baselines import MAJORITY, MEANS, TFIDF, baselines, mean_vectors
from rnnlab.text.calibration import accuracy, calibration_error, fit_temperature, log_loss, probabilities, reliability
from rnnlab.text.data import Encoder, Labelled, Part, by_name, divided, encoder_of, fold_of, from_files, with_vectors
from rnnlab.text.gradients import watched
from rnnlab.text.recipe import Recipe, optimizer_of, recipe_of
from rnnlab.text.words import Vocabulary


def part(texts, labels):
    return Part(tuple(texts), np.array(labels, "int32"))


def colors_and_animals(count):
    """Texts whose class is plain from one word of each."""
    words = (("red", "blue", "green"), ("cat", "dog", "cow"))
    return part([f"so {words[row % 2][row % 3]} x{row}" for row in range(count)], [row % 2 for row in range(count)])


TEXTS = Labelled("made", ("color", "animal"), colors_and_animals(60), colors_and_animals(20))
SENTENCES = by_name("sentences")


def trained(train, texts, jobs):
    """The results of jobs by (arm, seed)."""
    found = {}
    train(texts, jobs, lambda job, result: found.update({(job.arm, job.seed): result}))
    return found


def test_our_sentences_in_parts():
    kept, aside = divided(SENTENCES)
    assert (len(SENTENCES.train), len(SENTENCES.test), len(kept)) == (675, 225, 540)
    assert np.bincount(aside.labels).tolist() == [27] * 5
    assert sorted(kept.texts + aside.texts) == sorted(SENTENCES.train.texts)
    label = SENTENCES.train.labels[SENTENCES.train.texts.index("a hug from you cures everything")]
    assert SENTENCES.classes[label] == "heart"
    assert encoder_of(SENTENCES, kept).length == 10
    with pytest.raises(ValueError, match="source: expected one of sentences, emoji, imdb, ag_news, got 'yelp'"):
        by_name("yelp")


def test_words_with_a_vector_are_those_of_file_and_test(tmp_path, monkeypatch):
    monkeypatch.setattr("rnnlab.text.data.MAX_WORDS", 2)
    (tmp_path / "v.txt").write_text("the 1 2\n, 3 4\nfar 5 6\ncat 7 8\nx1 9 10\n")
    texts = with_vectors(TEXTS, str(tmp_path / "v.txt"))
    encoder = encoder_of(texts, texts.train)
    assert encoder.vocabulary.words == ("the", "cat", "x1")
    means = mean_vectors(encoder.vectors, encoder.encode(["The cat, unknown", "x2"]))
    assert means.tolist() == [[4, 5], [0, 0]]
    (tmp_path / "v.txt").write_text("the 1 3\n")
    first, again = texts.vectors_source.split(), with_vectors(TEXTS, str(tmp_path / "v.txt")).vectors_source.split()
    assert first[0] == again[0] == "v.txt"
    assert first != again


def test_texts_of_one_file_are_split_by_class(tmp_path):
    rows = [f"text {row},{'ab'[row % 5 == 0]}" for row in range(50)]
    (tmp_path / "emoji.csv").write_text("text,label\n" + "\n".join(rows))
    texts = from_files(tmp_path / "emoji.csv")
    assert re.fullmatch("emoji [0-9a-f]{8}", texts.source)  # not the published texts of that name
    assert texts.classes == ("a", "b")
    assert [np.bincount(each.labels).tolist() for each in (texts.train, texts.test)] == [[32, 8], [8, 2]]


def test_folds_part_the_training_texts_and_keep_copies_together():
    texts = replace(TEXTS, train=part([*TEXTS.train.texts, *["so red, x0"] * 2], [*TEXTS.train.labels, 0, 0]))
    folds = [fold_of(texts, fold) for fold in range(5)]
    for kept, aside in folds:
        assert not {text.replace(",", "") for text in kept.texts} & {text.replace(",", "") for text in aside.texts}
        assert sorted(kept.texts + aside.texts) == sorted(texts.train.texts)
    assert sorted(text for _, aside in folds for text in aside.texts) == sorted(texts.train.texts)


def test_baselines():
    encoder = encoder_of(TEXTS, TEXTS.train)
    vectors = np.zeros((len(encoder.vocabulary), 1), "float32")
    for word, value in zip(("red", "blue", "green", "cat", "dog", "cow"), (1, 2, 3, -1, -2, -3), strict=True):
        vectors[encoder.encode([word])[0, 0]] = value
    found = baselines(TEXTS, replace(encoder, vectors=vectors))
    assert set(found.pop(MAJORITY)) == {0}
    assert {name: (classes == TEXTS.test.labels).all() for name, classes in found.items()} == {TFIDF: True, MEANS: True}
    one_each = Labelled("few", TEXTS.classes, colors_and_animals(2), TEXTS.test)
    assert set(baselines(one_each, encoder_of(one_each, one_each.train))) == {MAJORITY, TFIDF}


def test_a_temperature_is_found_again():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 4)) * 3
    given = probabilities(logits, 2.5)
    labels = (given.cumsum(axis=1) < rng.random((len(logits), 1))).sum(axis=1)
    assert fit_temperature(logits, labels) == pytest.approx(2.5, rel=0.03)
    assert log_loss(logits, labels, 2.5) < log_loss(logits, labels) - 0.1
    assert calibration_error(given, labels) < 0.02 < 0.1 < calibration_error(probabilities(logits), labels)


def test_calibration_by_hand():
    given = np.array([[0.62, 0.38], [0.68, 0.32], [0.05, 0.95], [1.0, 0.0]])
    labels = np.array([0, 1, 1, 1])
    table = reliability(given, labels).set_index("bin")
    assert table["count"].tolist() == [0, 0, 0, 0, 0, 0, 2, 0, 0, 2]
    assert table.loc[6, ["confidence", "accuracy"]].tolist() == [pytest.approx(0.65), 0.5]
    assert calibration_error(given, labels) == pytest.approx((2 * 0.15 + 2 * 0.475) / 4)
    logits = np.log(given[:3])
    assert log_loss(logits, labels[:3]) == pytest.approx(-np.log([0.62, 0.32, 0.95]).mean())
    assert accuracy(logits, labels[:3]) == pytest.approx(2 / 3)


def test_a_network_that_diverged_has_no_loss_and_no_right_answer():
    logits, labels = np.array([[np.nan, np.nan], [1.0, 0.0]]), np.array([0, 0])
    assert accuracy(logits, labels) == 0.5
    assert all(math.isnan(score(logits, labels)) for score in (log_loss, fit_temperature))
    assert math.isnan(calibration_error(probabilities(logits), labels))
    assert reliability(probabilities(logits), labels)["count"].sum() == 1


def test_starts_and_optimizers():
    encoder = Encoder(Vocabulary(["a", "b"]), 2)

    def kernels(start):
        model = Recipe(units=(30, 30), embedding_dim=20, initializer=start).build(encoder, 3, seed=1)
        return {weight.path: np.asarray(weight.value) for weight in model.trainable_variables if "kernel" in weight.path}

    zeros, large, xavier = (kernels(start) for start in ("zeros", "large_normal", "glorot_uniform"))
    for path, kernel in zeros.items():
        if "recurrent_kernel" in path:
            np.testing.assert_array_equal(kernel, xavier[path])
        else:
            assert (kernel.std(), large[path].std()) == (0, pytest.approx(1, abs=0.25))
            assert xavier[path].std() < 0.3
    optimizer = optimizer_of(Recipe(optimizer="adagrad", learning_rate=0.5, decay=0.8, clip=2.0))
    assert (type(optimizer).__name__, optimizer.global_clipnorm) == ("Adagrad", 2.0)
    assert float(optimizer._learning_rate(250)) == pytest.approx(0.5 * 0.8**2)
    with pytest.raises(ValueError, match="optimizer: expected one of adam, rmsprop, adagrad, sgd, got 'lion'"):
        optimizer_of(Recipe(optimizer="lion"))


def test_a_clipped_update_keeps_its_direction():
    recipe = Recipe(cell="simple_rnn", units=(4,), dropout=0.0, embedding_dim=3, optimizer="sgd", epochs=1, batch_size=30)
    encoder = encoder_of(TEXTS, TEXTS.train)
    data = encoder.pair(colors_and_animals(30))

    def flat(model):
        return np.concatenate([np.ravel(weight) for weight in model.get_weights()])

    def step(clip):
        (found,) = watched(replace(recipe, clip=clip), encoder, 2, data, [(3, 0.5)])
        return flat(found.model) - flat(recipe.build(encoder, 2, 3)), found

    (whole, plain), (short, clipped) = step(None), step(0.01)
    assert plain.norms.shape == plain.losses.shape == (1, 1)
    assert plain.norms[0, 0] == pytest.approx(np.linalg.norm(whole) / 0.5, rel=1e-3)
    assert clipped.norms[0, 0] == pytest.approx(plain.norms[0, 0], rel=1e-5)
    assert np.linalg.norm(short) == pytest.approx(0.5 * 0.01, rel=1e-3)
    assert short @ whole == pytest.approx(np.linalg.norm(short) * np.linalg.norm(whole), rel=1e-4)
    for wrong, message in (({"optimizer": "adam"}, "recipe: expected sgd at one rate"), ({"batch_size": 31}, "data: expected")):
        with pytest.raises(ValueError, match=message):
            next(watched(replace(recipe, **wrong), encoder, 2, data, [(0, 0.1)]))


def test_an_arm_is_trained_and_scored():
    plan = studies.advice_of("rate", SENTENCES, [5], cell="simple_rnn", units=3, epochs=2)
    jobs = [job._replace(settings=job.settings | {"layers": 1}) for job in plan.jobs[1:3]]
    found = trained(training.advice, SENTENCES, jobs)
    assert set(found) == {("0.001", 5), ("0.01", 5)}
    scores = found["0.01", 5].scores
    assert (scores["train_texts"], scores["classes"], scores["epochs_trained"]) == (540, 5, 2)
    assert found["0.01", 5].curve["epoch"] == [1, 2]
    # The networks that are scored are those that were trained: the last epoch saw the same held-out loss.
    for result in found.values():
        assert result.scores["held_out_loss"] == pytest.approx(result.curve["held_out_loss"][-1], abs=1e-5)
    assert scores["held_out_loss"] != found["0.001", 5].scores["held_out_loss"]


def test_a_rate_that_decays_has_a_program_of_its_own(monkeypatch):
    plan, groups = studies.advice_of("optimizer", SENTENCES, [0, 1]), []
    monkeypatch.setattr(training, "_epoch_by_epoch", lambda texts, jobs, done, **_: groups.append([job.arm for job in jobs]))
    for program in plan.programs(plan.jobs):
        training.advice(SENTENCES, program, None)
    assert groups[0] == [f"sgd, {rate:g}" for rate in (0.01, 0.1, 1.0) for _ in range(2)]
    assert groups[4:] == [[f"adagrad decayed, {rate:g}"] * 2 for rate in (0.01, 0.1, 1.0)]


def test_a_network_is_scored_by_texts_that_it_has_not_seen():
    plan = studies.networks_of(TEXTS, range(5), epochs=3)
    jobs = [job._replace(settings=job.settings | {"units": 3}) for job in plan.jobs if job.arm == "simple_rnn 128"][:2]
    found = trained(training.cross_validate, TEXTS, jobs)
    assert sorted(found) == [("simple_rnn 128", 0), ("simple_rnn 128", 1)]
    for result in found.values():
        assert result.scores["held_out_accuracy"] == pytest.approx(result.curve["held_out_accuracy"][-1], abs=1e-6)
        assert len(result.curve["epoch"]) == 3


def test_settings_become_a_recipe():
    plan = studies.study_of(TEXTS, [0], cells=["gru"], units=[7], layers=3, dropout=0.1, epochs=None, trained=False)
    recipe = recipe_of(plan.settings("gru"))
    assert recipe == Recipe(cell="gru", units=(7, 7, 7), dropout=0.1, trainable_vectors=False)
    advice = recipe_of(studies.advice_of("size", TEXTS, [0]).settings("16 units"))
    assert advice == Recipe(units=(16,), dropout=0.0, trainable_vectors=False, batch_size=27)
    assert recipe_of(studies.advice_of("direction", TEXTS, [0]).settings("one direction, wider")).units == (213, 213)
    assert recipe_of(studies.study_of(TEXTS, [0]).settings("lstm")) == Recipe()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: studies.advice_of("attention", TEXTS, [0]), "name: expected one of rate, temperature, .*, got 'attention'"),
        (
            lambda: studies.advice_of("patience", TEXTS, [0], epochs=1),
            "units, epochs: expected enough that the arms of patience",
        ),
        (lambda: studies.networks_of(TEXTS, range(3)), "seeds: expected a multiple of 5, the number of folds, got 3"),
        (lambda: studies.study_of(TEXTS, [0], units=[3, 4], layers=2), "layers: expected with one number of units, got 3, 4"),
        (lambda: studies.plans_of("rate", TEXTS, [0], masked=False), "study: expected rate without read padding"),
        (lambda: studies.plans_of("rate", TEXTS, [0], units=[3, 4]), "study: expected rate without several units"),
        (lambda: studies.plans_of("network", TEXTS, range(5), smoke=True), "study: expected network without smoke"),
    ],
)
def test_plans_refuse(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def made_runs(name, seeds=4):
    """Finished runs in which the later arm is always the better one, and the later seed a little."""
    plan, rng = studies.advice_of(name, SENTENCES, range(seeds)), np.random.default_rng(0)
    runs = pd.DataFrame([{"arm": job.arm, "seed": job.seed, **job.settings} for job in plan.jobs])
    place = runs.arm.map(list(plan.arms).index)
    noise = rng.normal(scale=1e-3, size=len(runs)) + runs.seed / 10
    for part in ("train", "held_out", "test"):
        runs[f"{part}_loss"] = 1 - place / len(plan.arms) / 2 + noise
        runs[f"{part}_accuracy"] = 0.5 + place / len(plan.arms) / 2 + noise
    runs = runs.assign(calibration_error=0.1 + noise, tempered_calibration_error=0.05, tempered_test_loss=runs.test_loss - 0.1)
    runs = runs.assign(parameters=10.0**place, train_texts=540.0, classes=5.0, epochs_trained=5.0)
    return plan, runs.assign(seconds=1.0, versions="none")


def verdicts_on(name, runs):
    return [claim.verdict for claim in findings.advised(name, runs)]


def test_every_piece_of_advice_is_decided_pair_by_pair():
    for name in studies.ADVICE:
        found = findings.advised(name, made_runs(name)[1])
        assert found, name
        # Seeds spread far more than arms do within a seed.
        assert all("paired" in claim.test or "binomial" in claim.test for claim in found), name
    _, runs = made_runs("activation")
    assert verdicts_on("activation", runs) == ["holds", "does not hold", "holds"]
    runs.loc[runs.arm == "softsign", "test_accuracy"] = runs.test_accuracy[runs.arm == "tanh"].to_numpy() + [0.001, -0.001] * 2
    assert verdicts_on("activation", runs)[:2] == ["undecided", "equivalent"]


def test_a_rate_diverges_where_most_of_its_runs_do():
    _, runs = made_runs("rate", seeds=6)
    assert verdicts_on("rate", runs) == ["does not hold"] * 3
    runs.loc[runs.arm == "1", "train_loss"] = [np.nan, *[1.7] * 5]
    assert verdicts_on("rate", runs)[1] == "holds"


def test_the_rate_of_an_optimizer_is_not_chosen_on_the_test():
    _, runs = made_runs("optimizer")
    assert findings.chosen(runs, "sgd") == "sgd, 1"
    runs.loc[runs.arm == "sgd, 1", ["test_accuracy", "test_loss", "held_out_loss"]] = [0.0, 9.0, 9.0]
    assert findings.chosen(runs, "sgd") == "sgd, 1"
    # One that diverged: none of its predictions is right.
    runs.loc[(runs.arm == "sgd, 1") & (runs.seed == 0), "held_out_accuracy"] = -1.0
    assert findings.chosen(runs, "sgd") == "sgd, 0.1"
    assert all("chosen after the first runs" in claim.note for claim in findings.advised("optimizer", runs))


def test_fewer_seeds_decide_nothing_and_one_seed_is_not_judged():
    points = {"epoch": [1, 2], "train_loss": [2.0, 1], "held_out_loss": [2.0, 1]}
    for seeds, verdicts in ((1, set()), (4, {"not tested at full size"}), (5, {"holds", "does not hold"})):
        plan, frame = made_runs("layers", seeds)
        curves = pd.concat([pd.DataFrame({"arm": arm, "seed": seed, **points}) for arm in plan.arms for seed in plan.seeds])
        found = report.advice_report(SENTENCES, plan, study.Runs(frame, curves, {}), "python")
        assert {claim.verdict for claim in found.claims} == verdicts
        assert found.tables["Scores"].arm.tolist() == list(plan.arms)
    frame.loc[0, "test_loss"] = np.nan
    table = tables.scores_table(frame)
    assert table.diverged.tolist() == table["test loss"].isna().tolist() == [1, 0, 0, 0]
    assert studies.reduced(plan, plan, 5) == ""
    small = studies.advice_of("layers", SENTENCES, range(2), epochs=4)
    assert studies.reduced(small, plan, 2) == "2 seeds of 5, epochs 4 of 50"


def test_a_report_of_known_answers():
    test = part(["red", "cat", "so red x0", "dog"], [0, 1, 0, 1])
    texts = Labelled("emoji", TEXTS.classes, TEXTS.train, test)
    right = np.array([[3.0, 0], [0, 1], [1, 0], [0, 1]])
    wrong = np.array([[0.0, 3], [0, 1], [0, 1], [0, 1]])
    logits = {"lstm": {0: right, 1: wrong}}
    runs = pd.DataFrame({"cell": "lstm", "seed": [0, 1], "train_accuracy": 1.0, "test_accuracy": [1.0, 0.5]})
    new = np.array([True, True, False, True])
    table = tables.accuracy_table(texts, runs, logits, {TFIDF: np.array([0, 1, 0, 0])}, new).set_index("method")
    assert table.test.tolist() == [0.75, 0.75, "0.82 to 0.875", "0.857"]
    assert table["without copies"].tolist()[:2] == [pytest.approx(5 / 6), pytest.approx(2 / 3)]
    assert tables.confusion(texts, logits)["lstm"].to_numpy().tolist() == [[1, 1], [0, 2]]
    missed = tables.mistakes(texts, logits)
    assert missed[["text", "predicted", "wrong"]].values.tolist() == [["red", "animal", 1], ["so red x0", "animal", 1]]
    assert missed.confidence[0] == pytest.approx(1 / (1 + math.exp(-3)))
    equal = findings.above_baselines(texts, logits, {MAJORITY: test.labels, TFIDF: np.array([0, 1, 0, 1])})
    assert [claim.verdict for claim in equal] == ["undecided"] * 2
    worse = findings.above_baselines(texts, logits, {TFIDF: np.array([1, 0, 1, 0])})
    assert (worse[1].verdict, worse[1].difference, worse[1].n) == ("holds", 0.75, 4)


def test_wilson():
    # Wilson's formula by hand: (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n), z = 1.959964.
    assert tables.wilson(0.82, 50) == "0.692 to 0.902"
    assert tables.wilson(1.0, 56).endswith("to 1.000")


def test_the_network_that_does_best_comes_first_with_its_command():
    texts = replace(SENTENCES, vectors=object(), vectors_source="a.txt + b.txt 0123abcd")
    plan = studies.networks_of(texts, range(10), epochs=20)
    runs = pd.DataFrame([{"arm": job.arm, "seed": job.seed} for job in plan.jobs])
    # A fold makes more of a difference than the network.
    right = 0.4 + 0.1 * (runs.seed % 5) + 0.001 * runs.seed + 0.05 * (runs.arm == "both directions, gru 64, mean")
    table = tables.networks_table(runs.assign(held_out_accuracy=right, parameters=10, train_loss=1.0, held_out_loss=1.0))
    assert table.arm[0] == "both directions, gru 64, mean"
    assert table["rank"].tolist() == [1] + [2] * (len(studies.NETWORKS) - 1)
    assert table.s.max() < 0.01
    assert len(studies.networks_of(SENTENCES, range(5)).arms) == len(studies.NETWORKS) - 2
    network = "--units 64 --dropout 0.5 --bidirectional --pooling mean --epochs 20"
    command = f"--data sentences --cell gru --vectors a.txt b.txt --frozen {network} --seeds 20"
    assert tables.command_of(plan, table.arm[0]).endswith(command)
