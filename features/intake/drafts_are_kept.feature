Feature: Nothing entered is lost
  A wrong answer is named by its place, with the remedy, and never repeated back.

  Scenario: A wrong answer leaves the draft as it was typed
    When Ana saves a draft with a household income of "about twenty thousand"
    Then she is told to write a whole number at /household/yearly_income_cents
    And the answer is not repeated back to her
    And the draft is kept as she typed it

  Scenario: A request with gaps is not submitted, and every gap is named
    Given Ana saves a draft without a case number and without a payee
    When she submits it
    Then she is told of /case/number and /payees
    And it is still a draft
