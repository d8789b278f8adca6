Feature: The same child, traveler or night in another request
  It is found when a request is submitted and at each answer after that: by person, item and time. Whoever goes
  on says why, and the approver reads it.

  Background:
    Given Ana entered story b for the mother

  Scenario: Both custody sides file for one seat
    When Eli of another team enters it for the father
    Then it is not taken: he reads the other reference and whom to call, and nothing of the other family

  Scenario: With a reason it goes on, and the approver reads it
    When Eli of another team enters it for the father
    And he says why it goes on
    Then it is taken
    And Ben reads the reason beside the award

  Scenario: Another child a month later meets nobody
    When Eli of another team enters another family
    Then it is taken
