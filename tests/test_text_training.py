"""rnnlab.text around the network: texts in parts, baselines, calibration, gradient norms, what the studies say."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from rnnlab import study
from rnnlab.datasets import DataError, WordVectors
from rnnlab.text import advice, arms, choice, studies
from rnnlab.text.baselines import MAJORITY, MEANS, TFIDF, baselines
from rnnlab.text.calibration import accuracy, calibration_error, fit_temperature, log_loss, probabilities, reliability
from rnnlab.text.corpus import Encoder, Labelled, Part, by_name, encoder_of, from_files
from rnnlab.text.gradients import watched
from rnnlab.text.report import Report, Run, wilson
from rnnlab.text.training import Recipe, optimizer_of
from rnnlab.text.words import Vocabulary

TINY = Recipe(cell="simple_rnn", units=(4,), dropout=0.0, embedding_dim=3)


def part(texts, labels):
    return Part(tuple(texts), np.array(labels, "int32"))


def colors_and_animals(count):
    """Texts whose class is plain from one word of each."""
    words = (("red", "blue", "green"), ("cat", "dog", "cow"))
    return part([f"so {words[row % 2][row % 3]} x{row}" for row in range(count)], [row % 2 for row in range(count)])


TEXTS = Labelled("made", ("color", "animal"), colors_and_animals(60), colors_and_animals(20))


# Texts


def test_our_sentences_in_parts():
    data = by_name("sentences")
    kept, aside = data.divided()
    assert (len(data.train), len(data.test), len(kept), len(aside)) == (675, 225, 540, 135)
    assert np.bincount(aside.labels).tolist() == [27] * 5
    assert sorted(kept.texts + aside.texts) == sorted(data.train.texts)
    label = data.train.labels[data.train.texts.index("a hug from you cures everything")]
    assert data.classes[label] == "heart"
    assert encoder_of(data, kept).length == 10
    with pytest.raises(ValueError, match="source: expected one of sentences, emoji, imdb, ag_news, got 'yelp'"):
        by_name("yelp")


def test_words_with_a_vector_are_those_of_file_and_test(monkeypatch):
    monkeypatch.setattr("rnnlab.text.corpus.MAX_WORDS", 2)
    words = ("the", ",", "far", "cat", "x1")
    encoder = encoder_of(TEXTS, TEXTS.train, WordVectors(words, np.arange(1, 11, dtype="float32").reshape(5, 2)))
    assert encoder.vocabulary.words == ("the", "cat", "x1")
    np.testing.assert_allclose(encoder.means(["The cat, unknown", "x2"]), [[4, 5], [0, 0]])
    with pytest.raises(ValueError, match="vectors: expected vectors of words, got none"):
        encoder_of(TEXTS, TEXTS.train).means(["the"])


def test_texts_of_one_file_are_split_by_class(tmp_path):
    rows = [f"text {row},{'ab'[row % 5 == 0]}" for row in range(50)]
    (tmp_path / "mine.csv").write_text("text,label\n" + "\n".join(rows))
    data = from_files(tmp_path / "mine.csv")
    assert (data.source, data.classes) == ("mine", ("a", "b"))
    assert np.bincount(data.train.labels).tolist() == [32, 8]
    assert np.bincount(data.test.labels).tolist() == [8, 2]
    (tmp_path / "test.csv").write_text("text,label\nnew,a\nnew,c\n")
    with pytest.raises(DataError, match=r"test.csv, line 3: expected a label of the training file \(a, b\), got 'c'"):
        from_files(tmp_path / "mine.csv", tmp_path / "test.csv")


def test_baselines():
    encoder = encoder_of(TEXTS, TEXTS.train)
    found = baselines(TEXTS, encoder)
    assert set(found) == {MAJORITY, TFIDF}
    assert (found[TFIDF] == TEXTS.test.labels).all()
    assert set(found[MAJORITY]) == {0}
    vectors = np.zeros((len(encoder.vocabulary), 1), "float32")
    for word, value in zip(("red", "blue", "green", "cat", "dog", "cow"), (1, 2, 3, -1, -2, -3), strict=True):
        vectors[encoder.encode([word])[0, 0]] = value
    again = baselines(TEXTS, Encoder(encoder.vocabulary, encoder.length, vectors))
    assert (again[MEANS] == TEXTS.test.labels).all()
    one_each = Labelled("few", TEXTS.classes, colors_and_animals(2), TEXTS.test)
    assert set(baselines(one_each, encoder_of(one_each, one_each.train))) == {MAJORITY, TFIDF}


# Calibration


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
    assert math.isnan(log_loss(logits, labels))
    assert math.isnan(fit_temperature(logits, labels))
    assert math.isnan(calibration_error(probabilities(logits), labels))
    assert reliability(probabilities(logits), labels)["count"].sum() == 1


# Training


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
            assert not kernel.any()
            assert large[path].std() == pytest.approx(1, abs=0.25)
            assert xavier[path].std() < 0.3
    optimizer = optimizer_of(Recipe(optimizer="adagrad", learning_rate=0.5, decay=0.8, clip=2.0))
    assert (type(optimizer).__name__, optimizer.global_clipnorm) == ("Adagrad", 2.0)
    assert float(optimizer._learning_rate(250)) == pytest.approx(0.5 * 0.8**2)
    with pytest.raises(ValueError, match="optimizer: expected one of adam, rmsprop, adagrad, sgd, got 'lion'"):
        optimizer_of(Recipe(optimizer="lion"))


def test_a_clipped_update_keeps_its_direction():
    recipe = Recipe(**{**vars(TINY), "optimizer": "sgd", "epochs": 1, "batch_size": 30})
    encoder, data = encoder_of(TEXTS, TEXTS.train), colors_and_animals(30)
    x = encoder.encode(data.texts)
    start = np.concatenate([np.ravel(weight) for weight in recipe.build(encoder, 2, 3).get_weights()])

    def step(clip):
        (found,) = watched(Recipe(**{**vars(recipe), "clip": clip}), encoder, 2, (x, data.labels), [(3, 0.5)])
        end = np.concatenate([np.ravel(weight) for weight in found.model.get_weights()])
        return end - start, found

    (whole, plain), (short, clipped) = step(None), step(0.01)
    assert plain.norms.shape == plain.losses.shape == (1, 1)
    assert plain.norms[0, 0] == pytest.approx(np.linalg.norm(whole) / 0.5, rel=1e-3)
    assert clipped.norms[0, 0] == pytest.approx(plain.norms[0, 0], rel=1e-5)
    assert np.linalg.norm(short) == pytest.approx(0.5 * 0.01, rel=1e-3)
    assert short @ whole == pytest.approx(np.linalg.norm(short) * np.linalg.norm(whole), rel=1e-4)
    with pytest.raises(ValueError, match="recipe: expected sgd at one rate, got adam, decay None"):
        next(watched(TINY, encoder, 2, (x, data.labels), [(0, 0.1)]))
    with pytest.raises(ValueError, match="data: expected at least 32 samples, a batch, got 30"):
        next(watched(Recipe(optimizer="sgd"), encoder, 2, (x, data.labels), [(0, 0.1)]))


def test_an_arm_is_trained_and_scored():
    plan = studies.study_of("rate", [5], cell="simple_rnn", units=3, epochs=2)
    jobs = [job._replace(settings=job.settings | {"layers": 1}) for job in plan.jobs[1:3]]
    found = {}
    arms.train(jobs, lambda job, result: found.update({job.arm: result}))
    assert set(found) == {"0.001", "0.01"}
    scores = found["0.01"].scores
    assert (scores["train_texts"], scores["classes"], scores["passes"]) == (540, 5, 2)
    assert found["0.01"].curve["epoch"] == [1, 2]
    # The networks that are scored are those that were trained: the last pass saw the same held-out loss.
    for result in found.values():
        assert result.scores["held_out_loss"] == pytest.approx(result.curve["held_out_loss"][-1], abs=1e-5)
    assert scores["held_out_loss"] != found["0.001"].scores["held_out_loss"]


def test_a_rate_that_decays_has_a_program_of_its_own(monkeypatch):
    plan = studies.study_of("optimizer", [0, 1])
    groups = []
    monkeypatch.setattr(arms, "_train", lambda jobs, texts, done: groups.append([job.arm for job in jobs]))
    for program in plan.programs(plan.jobs):
        arms.train(program, None)
    assert groups[0] == [f"sgd, {rate:g}" for rate in (0.01, 0.1, 1.0) for _ in range(2)]
    assert groups[4:] == [[f"adagrad decayed, {rate:g}"] * 2 for rate in (0.01, 0.1, 1.0)]


# What is said


def made_runs(topic, seeds=4):
    """Finished runs in which the later arm is always the better one."""
    plan, rng, rows = studies.study_of(topic, range(seeds)), np.random.default_rng(0), []
    for job in plan.jobs:
        place = list(plan.arms).index(job.arm) / len(plan.arms)
        noise = rng.normal(scale=1e-3)
        losses = {f"{part}_loss": 1 - place / 2 + noise for part in ("train", "held_out", "test")}
        about = {f"{part}_accuracy": 0.5 + place / 2 + noise for part in ("held_out", "test")}
        about |= {"calibration_error": 0.1 + noise, "tempered_calibration_error": 0.05}
        about |= {"fitted_temperature": 2.0, "tempered_test_loss": losses["test_loss"] - 0.1, "passes": 5.0}
        about |= {"parameters": 10.0 ** list(plan.arms).index(job.arm), "train_texts": 540.0, "classes": 5.0}
        about |= {"largest_norm": 3.0, "clipped_share": 0.1, "seconds": 1.0, "versions": "none"}
        rows.append({"study": topic, "arm": job.arm, "seed": job.seed, **losses, **about, **job.settings})
    return plan, pd.DataFrame(rows)


def verdict_of(topic, runs):
    return {claim["claim"]: claim["verdict"] for claim in advice.CLAIMS[topic](runs)}


def test_every_piece_of_advice_gets_a_verdict():
    for topic in studies.TOPICS:
        _, runs = made_runs(topic)
        found = verdict_of(topic, runs)
        assert found, topic
        assert set(found.values()) <= {"holds", "does not hold", "cannot be decided"}
    with pytest.raises(ValueError, match=r"topic: expected one of rate, temperature, .*, got 'attention'"):
        studies.study_of("attention", [0])
    with pytest.raises(ValueError, match="units, epochs: expected enough that the arms of patience differ, got 128 and 1"):
        studies.study_of("patience", [0], epochs=1)


def test_verdicts_follow_the_scores():
    _, runs = made_runs("activation")
    assert set(verdict_of("activation", runs).values()) == {"holds"}
    runs.loc[runs.arm == "softsign", "test_accuracy"] = 0.1
    assert verdict_of("activation", runs)["softsign against tanh: higher test accuracy"] == "does not hold"
    _, runs = made_runs("rate", seeds=6)
    found = verdict_of("rate", runs)
    assert list(found.values()) == ["does not hold"] * 3
    runs.loc[runs.arm == "1", "train_loss"] = [np.nan, *[1.7] * 5]
    assert next(v for claim, v in verdict_of("rate", runs).items() if claim.startswith("at a rate of 1 ")) == "holds"


def test_the_rate_of_an_optimizer_is_not_chosen_on_the_test():
    _, runs = made_runs("optimizer")
    assert advice.chosen(runs, "sgd") == "sgd, 1"
    runs.loc[runs.arm == "sgd, 1", ["test_accuracy", "test_loss", "held_out_loss"]] = [0.0, 9.0, 9.0]
    assert advice.chosen(runs, "sgd") == "sgd, 1"
    # One that diverged: none of its answers is right.
    runs.loc[(runs.arm == "sgd, 1") & (runs.seed == 0), "held_out_accuracy"] = 0.0
    assert advice.chosen(runs, "sgd") == "sgd, 0.1"


def test_one_seed_is_described_and_not_judged():
    plan, runs = made_runs("layers", seeds=1)
    curves = pd.DataFrame({"arm": "1 layer", "seed": 0, "epoch": [1, 2], "train_loss": [2.0, 1], "held_out_loss": [2.0, 1]})
    report = advice.report_of("layers", plan, runs, curves, "python")
    assert isinstance(report, study.Report)
    assert report.claims == []
    assert report.tables["Scores"].arm.tolist() == list(plan.arms)


def test_a_report_of_known_answers():
    test = part(["red", "cat", "so red x0", "dog"], [0, 1, 0, 1])
    data = Labelled("made", TEXTS.classes, TEXTS.train, test)
    right = np.array([[3.0, 0], [0, 1], [1, 0], [0, 1]])
    wrong = np.array([[0.0, 3], [0, 1], [0, 1], [0, 1]])
    runs = [Run("lstm", seed, np.eye(2)[data.train.labels], logits, 1.0) for seed, logits in enumerate((right, wrong))]
    report = Report(data, TINY, runs, pd.DataFrame(), {TFIDF: np.array([0, 1, 0, 1])}, {})
    assert report.runs.test_accuracy.tolist() == [1.0, 0.5]
    assert report.runs.test_accuracy_without_copies.tolist() == [1.0, pytest.approx(2 / 3)]
    assert report.confusion["lstm"].tolist() == [[1, 1], [0, 2]]
    assert report.mistakes[["text", "said", "wrong"]].values.tolist() == [["red", "animal", 1], ["so red x0", "animal", 1]]
    assert report.mistakes.confidence[0] == pytest.approx(1 / (1 + math.exp(-3)))
    assert report.summary["copies"] == {"same": 1, "near": 0}
    assert [claim["verdict"] for claim in report.claims] == ["cannot be decided"] * 2
    worse = Report(data, TINY, runs, pd.DataFrame(), {TFIDF: np.array([1, 0, 1, 0])}, {})
    assert worse.claims[1]["verdict"] == "holds"
    assert worse.claims[1]["evidence"].startswith("+75.0 points")


def test_wilson():
    z, n, p = 1.959964, 50, 0.82
    reach = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    expected = [(p + z**2 / (2 * n) + side * reach) / (1 + z**2 / n) for side in (-1, 1)]
    assert wilson(p, n) == pytest.approx(expected, abs=1e-6)
    assert wilson(1.0, 56)[1] == 1


# Cross-validation


@pytest.fixture
def folds_of_texts(monkeypatch):
    """The texts of `TEXTS` with one that stands three times, and two small networks."""
    train = part([*TEXTS.train.texts, *["so red, x0"] * 2], [*TEXTS.train.labels, 0, 0])
    monkeypatch.setattr(choice, "by_name", lambda source: Labelled("made", TEXTS.classes, train, TEXTS.test))
    monkeypatch.setattr(choice, "FOLDS", 2)
    arms_of_three = {choice.PUBLISHED: choice._arm(units=3), "small": choice._arm(cell="simple_rnn", units=3, layers=1)}
    monkeypatch.setattr(choice, "ARMS", arms_of_three)
    choice.fold_of.cache_clear()
    yield train
    choice.fold_of.cache_clear()


def test_folds_part_the_training_texts_and_keep_copies_together(folds_of_texts):
    folds = [choice.fold_of("made", None, fold) for fold in (0, 1)]
    for kept, aside, classes, encoder in folds:
        assert not {text.replace(",", "") for text in kept.texts} & {text.replace(",", "") for text in aside.texts}
        assert sorted(kept.texts + aside.texts) == sorted(folds_of_texts.texts)
        assert (classes, encoder.vectors) == (2, None)
    assert sorted(folds[0][1].texts + folds[1][1].texts) == sorted(folds_of_texts.texts)


def test_a_network_is_scored_by_texts_that_it_has_not_seen(folds_of_texts, tmp_path):
    with pytest.raises(ValueError, match="seeds: expected a multiple of 2, the number of folds, got 3"):
        choice.study_of(range(3), data="made")
    plan = choice.study_of(range(2), data="made", epochs=3)
    found = {}
    choice.train([job for job in plan.jobs if job.arm == "small"], lambda job, result: found.update({job.seed: result}))
    assert sorted(found) == [0, 1]
    for result in found.values():
        assert result.scores["held_out_accuracy"] == pytest.approx(result.curve["held_out_accuracy"][-1], abs=1e-6)
        assert len(result.curve["epoch"]) == 3


def test_the_network_that_does_best_comes_first_with_its_command():
    plan = choice.study_of(range(10), data="sentences", vectors=["a.txt", "b.txt"], epochs=20)
    rows = [
        {"arm": arm, "seed": seed, "parameters": 10, "train_loss": 1.0, "held_out_loss": 1.0, "seconds": 1.0}
        # A fold makes more of a difference than the network.
        | {"held_out_accuracy": 0.4 + 0.1 * (seed % 5) + 0.001 * seed + 0.05 * (arm == "both directions, gru 64, mean")}
        for arm in plan.arms
        for seed in plan.seeds
    ]
    curves = pd.DataFrame(
        [{"arm": row["arm"], "seed": row["seed"], "epoch": 1, **dict.fromkeys(choice.MEASURES, 1.0)} for row in rows]
    )
    report = choice.report_of(plan, pd.DataFrame(rows), curves, "command")
    assert report.tables["By cross-validation"].arm[0] == "both directions, gru 64, mean"
    assert report.tables["By cross-validation"]["rank"].tolist() == [1] + [2] * (len(choice.ARMS) - 1)
    assert report.claims == []
    assert len(choice.study_of(range(5), data="sentences").arms) == len(choice.ARMS) - 2
    network = "--units 64 --dropout 0.5 --bidirectional --pooling mean --epochs 20"
    assert report.notes[-1].endswith(f"--data sentences --cell gru --vectors a.txt b.txt --frozen {network} --seeds 20`")
