Feature: A loan is never offered in place of help
  It is shown last, only when a person asks, and says first what it costs.

  Scenario: A boy comes home from abroad, and his loans stay silent
    Given a boy flies home from Peru with his mother
    When the sources are asked
    Then no loan asks anything, and none may pay a line
    And the embassy's loan answers: ask

  Scenario: What a loan costs is said before anyone signs
    Given a boy flies home from Peru with his mother
    And it is told that he is a citizen whom the State Department sends home for want of means
    When a person records of SL-03: met
    And a person records of SL-04: met
    And a person records of HR-04: met
    Then the embassy's loan answers: worth applying
    And the embassy's loan says before anyone signs: "no new passport is given until the loan is repaid"
    And the federal loan on arrival answers: worth applying
    And the federal loan on arrival says before anyone signs: "ends after 90 days"

  Scenario: Inside the country there is nothing to lend for
    When the sources are asked
    Then the embassy's loan answers: unlikely
    And the federal loan on arrival answers: unlikely
