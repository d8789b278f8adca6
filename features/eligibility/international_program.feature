Feature: A federal program may be asked for a trip abroad, and decides family by family
  It helps when no other resources are available. Neither a dollar limit nor an income figure is published,
  so a person says both: that the family could not pay, and who else was asked.

  Scenario: What the program wants to know is asked of staff, and holds nothing up
    Given a mother flies to a court date in Peru about her daughter
    When the sources are asked
    Then the international program answers: needs information
    And the international program asks staff for taken_from_united_states and proceeding_abroad
    And nothing of it waits on the international program, and nothing is split to it

  Scenario: The last resort is a person's finding
    Given a mother flies to a court date in Peru about her daughter
    And it is told that her daughter was taken from the United States, and of a court proceeding
    When the sources are asked
    Then the international program answers: needs staff decision
    And a person is still asked whether the family could pay, and which others were asked
    When a person records of VR-06: met
    Then the international program answers: needs staff decision
    When a person records of VR-07: met
    Then the international program answers: eligible

  Scenario: Another payer was found
    Given a mother flies to a court date in Peru about her daughter
    And it is told that her daughter was taken from the United States, and of a recovery event
    When a person records of VR-06: met
    And a person records of VR-07: not met
    Then the international program answers: ineligible

  Scenario: Neither a proceeding nor a recovery event
    Given a mother flies to a court date in Peru about her daughter
    And it is told that her daughter was taken from the United States, and of neither
    When the sources are asked
    Then the international program answers: ineligible
