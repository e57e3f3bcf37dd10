import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from pimc.evaluation.probes import CLASSIFIERS, Labelled, choose, fit_classifier, standardiser


def waves(count, seed):
    """Series of two indices: three classes of frequency, in noise, on very different scales."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, count)
    phase = rng.uniform(0, 0.6, (count, 1))
    first = np.sin(np.linspace(0, 6, 24) * (1 + y[:, None]) + phase)
    x = np.stack([first, 100 + 50 * first], axis=1) + rng.normal(0, 0.1, (count, 2, 24))
    return Labelled(x.astype(np.float32), y)


TRAIN, VALIDATION, TEST = waves(150, 0), waves(60, 1), waves(60, 2)
QUICK = {"forest": {"trees": 30}, "rocket": {"kernels": 50}}


@pytest.mark.parametrize(
    "kind",
    [
        # numba compiles the transform
        pytest.param(kind, marks=pytest.mark.slow) if kind == "rocket" else kind
        for kind in CLASSIFIERS
        if kind != "majority"
    ],
)
def test_classifiers_learn_waves_and_give_the_same_for_one_seed(kind):
    fits = [fit_classifier(kind, TRAIN, VALIDATION, QUICK.get(kind, {}), 3) for _ in range(2)]
    first, second = (each.predict(TEST.x) for each in fits)
    assert (first == TEST.y).mean() > 0.95
    assert (first == second).all()
    assert fits[0].chosen == fits[1].chosen


def test_majority_is_the_most_frequent_training_class():
    fitted = fit_classifier(
        "majority", Labelled(TEST.x, np.r_[2, 2, np.zeros(58, int)]), TEST, {}, 0
    )
    assert fitted.predict(TEST.x).tolist() == [0] * 60


def test_linear_is_scikit_learns_on_standardised_features():
    fitted = fit_classifier("linear", TRAIN, VALIDATION, {"inverse_decay": [0.1]}, 0)
    flat = [each.x.reshape(len(each.x), -1).astype(float) for each in (TRAIN, TEST)]
    mean, std = flat[0].mean(axis=0), flat[0].std(axis=0)
    peer = LogisticRegression(C=0.1, max_iter=1000).fit((flat[0] - mean) / std, TRAIN.y)
    assert (fitted.predict(TEST.x) == peer.predict((flat[1] - mean) / std)).all()


def test_validation_chooses():
    # labels of validation that one neighbour repeats and many do not
    noisy = Labelled(TRAIN.x, np.random.default_rng(0).integers(0, 3, len(TRAIN.y)))
    assert fit_classifier("knn", noisy, noisy, {}, 0).chosen == {"neighbours": 1}
    assert fit_classifier("knn", TRAIN, VALIDATION, {"neighbours": [20]}, 0).chosen == {
        "neighbours": 20
    }


def test_neighbours_beyond_the_samples_are_passed_over():
    few = Labelled(TRAIN.x[:6], TRAIN.y[:6])
    assert fit_classifier("knn", few, VALIDATION, {}, 0).chosen["neighbours"] <= 6
    peer = KNeighborsClassifier(1, metric="cosine")
    standardise = standardiser(few.x)
    peer.fit(standardise(few.x), few.y)
    one = fit_classifier("knn", few, VALIDATION, {"neighbours": [1]}, 0)
    assert (one.predict(TEST.x) == peer.predict(standardise(TEST.x))).all()


def test_svm_is_scikit_learns_on_standardised_features():
    fitted = fit_classifier("svm", TRAIN, VALIDATION, {"inverse_decay": [3.0]}, 0)
    train, test = (each.x.reshape(len(each.x), -1) for each in (TRAIN, TEST))
    peer = make_pipeline(StandardScaler(), SVC(C=3.0)).fit(train, TRAIN.y)
    np.testing.assert_array_equal(fitted.predict(TEST.x), peer.predict(test))
    assert fitted.chosen == {"inverse_decay": 3.0}


def test_linear_with_one_class_predicts_it():
    one = Labelled(TRAIN.x[:4], np.full(4, 2))
    assert set(fit_classifier("linear", one, VALIDATION, {}, 0).predict(TEST.x)) == {2}


def test_features_that_never_vary_become_zero():
    x = np.array([[1.0, 5.0], [3.0, 5.0]], np.float32)
    assert standardiser(x)(np.array([[5.0, 9.0]], np.float32)).tolist() == [[3.0, 0.0]]


def test_errors():
    with pytest.raises(ValueError, match=r"option treees .did you mean trees"):
        fit_classifier("forest", TRAIN, VALIDATION, {"treees": 3}, 0)
    with pytest.raises(ValueError, match="nothing to choose from"):
        choose([], lambda candidate: lambda x: x, VALIDATION)
